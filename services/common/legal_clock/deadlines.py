"""Legal terms and the dates on which they end.

The day of the event does not count (CPA, art. 87). The last day is always a working day.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.common.domain.values import Code, Value
from services.common.legal_clock.places import dilation_of
from services.common.legal_clock.working_days import ONE_DAY, WorkingDays

Unit = Literal["working_days", "calendar_months"]


LONGEST: Final[Mapping[Unit, int]] = {"working_days": 400, "calendar_months": 24}
"""Of a legal term: its explanation names every holiday in it."""


class Clock(BaseModel):
    """A legal term of `length` working days or calendar months. `for` describes its purpose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit
    length: int = Field(gt=0)
    purpose: str = Field(default="", alias="for")

    @field_validator("length")
    @classmethod
    def _not_too_long(cls, length: int, info: ValidationInfo) -> int:
        if length > (longest := LONGEST.get(info.data.get("unit", "working_days"), 0)):
            raise ValueError(f"at most {longest}")
        return length


class SkippedDay(Value):
    """A weekday that does not count: a holiday, or a day on which the service is closed. Named in both languages."""

    day: date
    because: Literal["holiday", "closed"]
    pt: str
    en: str


class Suspension(Value):
    """On the day `since` the term still ran, on the day after `until` it runs again. None: it has not ended."""

    since: date
    until: date | None = None
    because: Literal["documents", "hearing"]

    def covers(self, day: date) -> bool:
        """Whether `day` does not count. A suspension that has not ended covers no day: its length is not known."""
        return self.until is not None and self.since < day <= self.until


class Deadline(Value):
    """A legal date, and everything that explains it. `term` is the code of the clock, `calendar` the calendar's version.

    `dilation` is the number of working days before the term starts (CPA, art. 88), `extension` that of those added to it.
    `skipped` are the weekdays after `entered_on` and up to `due_on` that are no working days. While a suspension has not
    ended, `due_on` is the date without it.
    """

    due_on: date
    entered_on: date
    term: Code
    length: int
    unit: Unit
    dilation: int = 0
    suspensions: tuple[Suspension, ...] = ()
    extension: int = 0
    skipped: tuple[SkippedDay, ...] = ()
    calendar: str

    @property
    def suspended_since(self) -> date | None:
        """The day after which the term is suspended; None while it runs."""
        return next((each.since for each in self.suspensions if each.until is None), None)


def deadline(
    entered_on: date,
    term: Code,
    clock: Clock,
    days: WorkingDays,
    *,
    place: str | None = None,
    suspensions: Sequence[Suspension] = (),
    extension: int = 0,
) -> Deadline:
    """The end of a term that begins with an event on `entered_on`, for a person who lives at `place`.

    A term in months is counted in the working days that it has without suspensions, so that suspended ones are added exactly.
    """
    dilation = dilation_of(place)
    if clock.unit == "working_days":
        length = dilation + clock.length
    else:
        last = months_later(days.after(entered_on, dilation), clock.length)
        length = days.between(entered_on, days.next_working(last))
    due_on = _end(days, entered_on, length + extension, suspensions)
    return Deadline(
        due_on=due_on,
        entered_on=entered_on,
        term=term,
        length=clock.length,
        unit=clock.unit,
        dilation=dilation,
        suspensions=tuple(suspensions),
        extension=extension,
        skipped=tuple(_skipped(days, entered_on, due_on)),
        calendar=days.calendar,
    )


def months_later(start: date, months: int) -> date:
    """The same day `months` later, or the last day of that month if it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _end(days: WorkingDays, start: date, n: int, suspensions: Sequence[Suspension]) -> date:
    """The `n`-th working day after `start` that is not suspended.

    A suspension that began on that very day adds its working days too: the term had not ended yet. So does one that began on the
    day to which an earlier one had moved the end.
    """
    day = start
    while n > 0:
        day += ONE_DAY
        n -= days.is_working(day) and not any(each.covers(day) for each in suspensions)
    ended = ((each.since, each.until) for each in suspensions if each.until is not None)
    for since, until in sorted(ended, key=lambda each: (each[0], -each[1].toordinal())):
        if since == day:
            day = days.after(day, days.between(day, until))
    return day


def _skipped(days: WorkingDays, start: date, end: date) -> Iterator[SkippedDay]:
    """The weekdays after `start` and up to `end` that are no working days."""
    for day in (date.fromordinal(each) for each in range(start.toordinal() + 1, end.toordinal() + 1)):
        why = days.why_closed(day)
        if why is not None and why.because != "weekend":
            yield SkippedDay(day=day, because=why.because, pt=why.pt, en=why.en)
