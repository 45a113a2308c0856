"""Legal terms in working days, as the Portuguese administrative procedure code counts them (CPA, art. 87).

The day of the event does not count. Saturdays, Sundays and holidays do not count, and a term never ends on one.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from services.common.catalogue import Clock

LISBON: Final = ZoneInfo("Europe/Lisbon")
"""The time zone of entry dates and deadlines."""

CALENDAR: Final = f"PT/{version('holidays')}"
"""The version of the holiday calendar. It is stored with each computed date, because calendars get corrected."""


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("PT", years=year))


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def day_of(moment: datetime) -> date:
    """The calendar day of `moment` in Lisbon."""
    return moment.astimezone(LISBON).date()


def add_working_days(start: date, length: int) -> date:
    """The `length`-th working day after `start`."""
    day = start
    while length > 0:
        day += timedelta(days=1)
        length -= is_working_day(day)
    return day


def add_months(start: date, months: int) -> date:
    """The same day `months` later, or the last day of that month if shorter; moved to the next working day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return day if is_working_day(day) else add_working_days(day, 1)


def due_on(entered: date, clock: Clock) -> date:
    """The last day of the term of a request entered on `entered`."""
    if clock.unit == "working_days":
        return add_working_days(entered, clock.length)
    return add_months(entered, clock.length)


def end_of(day: date) -> datetime:
    """The end of a term whose last day is `day`: the next midnight in Lisbon."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), LISBON)
