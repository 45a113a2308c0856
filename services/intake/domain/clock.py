"""The legal clock: working days as the administrative procedure code counts them (CPA, art. 87).

The day of the event does not count; Saturdays, Sundays and holidays do not count; a term never ends on such a day.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from services.common.catalogue import Clock

PLACE: Final = ZoneInfo("Europe/Lisbon")
"""Where the day of entry is read off the clock on the wall."""

CALENDAR: Final = f"PT/{version('holidays')}"
"""Which calendar a date was computed with: kept with the date, because calendars are corrected."""


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("PT", years=year))


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def day_of(moment: datetime) -> date:
    """The calendar day of `moment` in Lisbon."""
    return moment.astimezone(PLACE).date()


def add_working_days(start: date, length: int) -> date:
    """The `length`-th working day after `start`."""
    day = start
    while length > 0:
        day += timedelta(days=1)
        length -= is_working_day(day)
    return day


def add_months(start: date, months: int) -> date:
    """The same day `months` later, or that month's last; moved on to a working day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return day if is_working_day(day) else add_working_days(day, 1)


def due_on(entered: date, clock: Clock) -> date:
    """The last day of the term that began on `entered`."""
    if clock.unit == "working_days":
        return add_working_days(entered, clock.length)
    return add_months(entered, clock.length)


def end_of(day: date) -> datetime:
    """The moment a term that ends on `day` is over: the next midnight in Lisbon."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), PLACE)
