"""Working days, as the Portuguese administrative procedure code counts them (CPA, art. 87)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from services.common.legal_clock.public_holidays import Region, WhyClosed, public_holidays

ONE_DAY: Final = timedelta(days=1)

_SATURDAY: Final = 5
_WEEKEND: Final = (WhyClosed("weekend", "Sábado", "Saturday"), WhyClosed("weekend", "Domingo", "Sunday"))


def why_weekend(day: date) -> WhyClosed | None:
    """The name of a Saturday or Sunday; None for any other day."""
    weekday = day.weekday()
    return None if weekday < _SATURDAY else _WEEKEND[weekday - _SATURDAY]


class WorkingDays:
    """The working days of one department for people of one region. `closed` are the department's own closed days and
    holidays; `calendar` is the version of all of them.
    """

    def __init__(self, calendar: str, region: Region | None, closed: Mapping[date, WhyClosed]) -> None:
        self.calendar = calendar
        self._region = region
        self._closed = closed
        self._years: dict[int, dict[date, WhyClosed]] = {}

    def why_closed(self, day: date) -> WhyClosed | None:
        """Why `day` is no working day; None if it is one. A holiday on a weekend is a weekend, a closed day that is a public
        holiday has the name of that.
        """
        weekday = day.weekday()
        if weekday >= _SATURDAY:
            return _WEEKEND[weekday - _SATURDAY]
        year = self._years.get(day.year)
        return (self._closed_in(day.year) if year is None else year).get(day)

    def is_working(self, day: date) -> bool:
        return self.why_closed(day) is None

    def next_working(self, day: date) -> date:
        """`day` if it is a working day, otherwise the next one."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def after(self, start: date, n: int) -> date:
        """The `n`-th working day after `start`; `start` itself for 0."""
        day = start
        while n > 0:
            day += ONE_DAY
            n -= self.is_working(day)
        return day

    def before(self, day: date, n: int) -> date:
        """The `n`-th working day before `day`: exactly `n` working days lie after it and up to `day`, which counts if it is
        one. The inverse of `after`.
        """
        while n > 0 or not self.is_working(day):
            n -= self.is_working(day)
            day -= ONE_DAY
        return day

    def between(self, start: date, end: date) -> int:
        """The number of working days after `start` and up to `end`; 0 if `end` is not after `start`."""
        days = (date.fromordinal(each) for each in range(start.toordinal() + 1, end.toordinal() + 1))
        return sum(map(self.is_working, days))

    def _closed_in(self, year: int) -> dict[date, WhyClosed]:
        """All days of the year that have a name; kept, because one term looks at a hundred days."""
        closed = self._years[year] = {**self._closed, **public_holidays(year, self._region)}
        return closed
