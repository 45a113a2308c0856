"""Closed days, calendars and terms for tests of the legal clock."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from services.common.legal_clock import Calendar, Clock, ClosedDay, Suspension, WorkingDays

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
MAINLAND: Final = Calendar.of_public_holidays().working_days(None, None)
AZORES, MADEIRA = (Calendar.of_public_holidays().working_days(None, place) for place in ("PT-20", "PT-30"))
ONE_MONTH: Final = Clock(length=1, unit="calendar_months")


def closed_day(day: str, number: int = 1, **other: Any) -> ClosedDay:
    """A day on which every department is closed since long ago, unless `other` says otherwise."""
    names = {"pt": "Tolerância de ponto", "en": "Service closed", "kind": "closed", "active_from": LONG_AGO}
    return ClosedDay(id=UUID(int=number), day=date.fromisoformat(day), **{**names, **other})


def working_days(count: int) -> Clock:
    return Clock(length=count, unit="working_days")


entry_days: Final = st.dates(date(2025, 1, 1), date(2034, 12, 31))
clocks: Final = st.one_of(
    st.integers(1, 120).map(working_days),
    st.integers(1, 6).map(lambda count: Clock(length=count, unit="calendar_months")),
)
places: Final = st.sampled_from([None, "PT", "PT-11", "PT-20", "PT-3103", "FR", "BR"])


@st.composite
def suspensions(draw: st.DrawFn, first: date) -> tuple[Suspension, ...]:
    """Up to three, in any order and possibly overlapping, on or after `first`. One in five has not ended."""
    starts = draw(st.lists(st.integers(0, 150), max_size=3))
    lengths = [draw(st.one_of(st.integers(0, 60), st.integers(0, 60), st.none())) for _ in starts]
    return tuple(suspension(first, start, length) for start, length in zip(starts, lengths, strict=True))


def suspension(first: date, start: int, length: int | None) -> Suspension:
    """Begins `start` days after `first` and ends `length` days later."""
    since = date.fromordinal(first.toordinal() + start)
    until = None if length is None else date.fromordinal(since.toordinal() + length)
    return Suspension(since=since, until=until, because="documents")


@st.composite
def any_working_days(draw: st.DrawFn) -> WorkingDays:
    """Those of a region and of a department that closes on some days."""
    days = draw(st.lists(st.dates(date(2025, 1, 1), date(2036, 12, 31)), max_size=8))
    closed = [closed_day(day.isoformat(), number) for number, day in enumerate(days)]
    return Calendar.at(NOW, closed).working_days(None, draw(places))
