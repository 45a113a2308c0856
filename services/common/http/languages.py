"""Chooses between the two languages of the responses."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple, get_args

from services.common.catalogue import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "pt"


class Words(NamedTuple):
    """One text in both languages."""

    pt: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in this language."""
        return self.en if language == "en" else self.pt


_UNITS: Final = (
    (3600, Words("uma hora/horas", "one hour/hours")),
    (60, Words("um minuto/minutos", "one minute/minutes")),
    (1, Words("um segundo/segundos", "one second/seconds")),
)
"""Seconds of each unit, and its name for one and for several."""


def any_of(names: Sequence[str], language: Language) -> str:
    """The names as a list of alternatives: `PDF, PNG ou JPEG`."""
    last = f" {'or' if language == 'en' else 'ou'} "
    return last.join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def wait_in_words(seconds: int | None, language: Language) -> str:
    """When to try again: `dentro de 2 minutos`. Rounded up to whole minutes or hours; without seconds, `daqui a pouco`."""
    if seconds is None:
        return "shortly" if language == "en" else "daqui a pouco"
    seconds = max(1, seconds)
    length, unit = next((length, unit) for length, unit in _UNITS if seconds >= length)
    count = ceil(seconds / length)
    one, many = unit.in_(language).split("/")
    amount = one if count == 1 else f"{count} {many}"
    return f"in {amount}" if language == "en" else f"dentro de {amount}"


@lru_cache(maxsize=256)
def negotiate(accept_language: str | None) -> Language:
    """The preferred language of an `Accept-Language` header: English if it has the higher weight, otherwise Portuguese."""
    weights = _weights(accept_language)
    wildcard = weights.get("*", 0.0)
    return "en" if weights.get("en", wildcard) > weights.get("pt", wildcard) else DEFAULT


@lru_cache(maxsize=256)
def named(accept_language: str | None) -> Language | None:
    """Of our languages that an `Accept-Language` header names, the preferred one. None if it names neither."""
    weights = _weights(accept_language)
    preferred = max(LANGUAGES, key=lambda language: weights.get(language, 0.0))
    return preferred if weights.get(preferred) else None


def _weights(accept_language: str | None) -> dict[str, float]:
    """The highest weight of each primary language tag."""
    weights: dict[str, float] = {}
    for item in (accept_language or "").lower().split(","):
        tag, _, quality = item.strip().partition(";")
        primary = tag.strip().partition("-")[0]
        weights[primary] = max(weights.get(primary, 0.0), _weight(quality))
    return weights


def _weight(quality: str) -> float:
    name, _, number = quality.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(number)))
    except ValueError:
        return 0.0
