"""Dates in words, as people read them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

_PORTUGUESE: Final = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
_ENGLISH: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

IN_WORDS: Final[Mapping[str, Callable[[date], str]]] = {
    "pt": lambda day: f"{day.day} de {_PORTUGUESE[day.month - 1]} de {day.year}",
    "en": lambda day: f"{day.day} {_ENGLISH[day.month - 1]} {day.year}",
}
"""By language: `12 de março de 2026`, `12 March 2026`."""
