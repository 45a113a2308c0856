"""Calendar days in Lisbon."""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LISBON: Final = ZoneInfo("Europe/Lisbon")
"""The time zone of entry dates and deadlines."""


def day_of(moment: datetime) -> date:
    """The calendar day of `moment` in Lisbon."""
    return moment.astimezone(LISBON).date()


def start_of(day: date) -> datetime:
    """The midnight in Lisbon at which `day` begins. Clocks never change at midnight."""
    return datetime.combine(day, time.min, LISBON)


def end_of(day: date) -> datetime:
    """The end of a term whose last day is `day`: the next midnight in Lisbon."""
    return start_of(day + timedelta(days=1))
