"""Calendar days and times of the clock in Lisbon."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
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


def moments_of(clock: datetime) -> Sequence[datetime]:
    """The moments, in UTC, at which the clocks in Lisbon show this time (which has no zone), the earlier one first.

    None in the hour that is left out when summer time begins, two in the hour that is repeated when it ends.
    """
    both = (clock.replace(tzinfo=LISBON, fold=fold).astimezone(UTC) for fold in (0, 1))
    shown = [each for each in both if each.astimezone(LISBON).replace(tzinfo=None) == clock]
    return list(dict.fromkeys(shown))
