"""Dates, times and sizes, as people read them in their language."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from services.common.catalogue import Language
from services.common.text.dates import IN_WORDS

LOCALES: Final = {"pt": "pt_PT", "en": "en_GB"}
LISBON: Final = ZoneInfo("Europe/Lisbon")

_MEGABYTE: Final = 1_000_000
_KILOBYTE: Final = 1_000


def day(language: Language, value: date | datetime) -> str:
    """`12 de março de 2026`, `12 March 2026`; of a moment, the day in Lisbon."""
    return IN_WORDS[language](value.astimezone(LISBON).date() if isinstance(value, datetime) else value)


def weekday(language: Language, value: date) -> str:
    """`quinta-feira`, `Thursday`."""
    return format_date(value, "EEEE", locale=LOCALES[language])


def clock(language: Language, value: datetime) -> str:
    """The time in Lisbon, `14:32`."""
    return format_time(value, "HH:mm", tzinfo=LISBON, locale=LOCALES[language])


def size(language: Language, value: int) -> str:
    """Of a file: `2,4 MB`, `640 kB`."""
    unit, factor, digits = ("MB", _MEGABYTE, "0.#") if value >= _MEGABYTE else ("kB", _KILOBYTE, "0")
    amount = value / factor if factor == _MEGABYTE else max(1, value / factor)
    return f"{format_decimal(amount, digits, locale=LOCALES[language])} {unit}"


def decimal(language: Language, value: float) -> str:
    """`0,8`, with at most one decimal place."""
    return format_decimal(value, "0.#", locale=LOCALES[language])
