"""Chooses between the two languages of the responses."""

from functools import lru_cache
from typing import Final, NamedTuple

from services.common.catalogue import Language

DEFAULT: Final[Language] = "pt"


class Words(NamedTuple):
    """One text in both languages."""

    pt: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in this language."""
        return self.en if language == "en" else self.pt


@lru_cache(maxsize=256)
def negotiate(accept_language: str | None) -> Language:
    """The preferred language of an `Accept-Language` header: English if it has the higher weight, otherwise Portuguese."""
    weights: dict[str, float] = {}
    for item in (accept_language or "").lower().split(","):
        tag, _, quality = item.strip().partition(";")
        primary = tag.strip().partition("-")[0]
        weights[primary] = max(weights.get(primary, 0.0), _weight(quality))
    wildcard = weights.get("*", 0.0)
    return "en" if weights.get("en", wildcard) > weights.get("pt", wildcard) else DEFAULT


def _weight(quality: str) -> float:
    name, _, number = quality.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(number)))
    except ValueError:
        return 0.0
