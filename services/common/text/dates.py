"""Dates in words, as people read them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
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

_TYPED: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")


def typed_day(text: str) -> date | None:
    """A day as browsers send it (2027-01-31), or as people write it where a browser has no field for days (31/01/2027); None for a text
    that is none, or a day that does not exist.
    """
    for form in _TYPED:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no time
        except ValueError:
            continue
    return None
