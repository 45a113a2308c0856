"""Which of our two languages to answer in."""

from functools import lru_cache
from typing import Final, NamedTuple

from services.common.catalogue import Language

DEFAULT: Final[Language] = "pt"


class Words(NamedTuple):
    """One text in both languages."""

    pt: str
    en: str

    def in_(self, language: Language) -> str:
        return self.en if language == "en" else self.pt


@lru_cache(maxsize=256)
def negotiate(accept_language: str | None) -> Language:
    """The language an `Accept-Language` header prefers; Portuguese unless English is wanted more."""
    weights: dict[str, float] = {}
    for wish in (accept_language or "").lower().split(","):
        tag, _, quality = wish.strip().partition(";")
        primary = tag.strip().partition("-")[0]
        weights[primary] = max(weights.get(primary, 0.0), _weight(quality))
    anything = weights.get("*", 0.0)
    return "en" if weights.get("en", anything) > weights.get("pt", anything) else DEFAULT


def _weight(quality: str) -> float:
    name, _, number = quality.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(number)))
    except ValueError:
        return 0.0
