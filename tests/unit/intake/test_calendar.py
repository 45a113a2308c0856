"""The calendars that intake keeps in memory, and which days may be added."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.contracts.internal import NewClosedDay
from services.common.domain.errors import StoreUnavailable
from services.common.legal_clock import Calendar, ClosedDay
from services.intake.calendar import IN_FORCE_AFTER, KNOWN_AHEAD, CalendarSource, plan_additions

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARNIVAL = date(2027, 2, 9)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def closed_day(number: int = 1, written: datetime = NOON, removed: datetime | None = None, **other: Any) -> ClosedDay:
    """A day whose addition was written at `written`, and its removal at `removed`."""
    removed_from = None if removed is None else removed + IN_FORCE_AFTER
    about = {"day": CARNIVAL, "pt": "Carnaval", "en": "Carnival", "kind": "closed"} | other
    return ClosedDay(id=UUID(int=number), active_from=written + IN_FORCE_AFTER, removed_from=removed_from, **about)


def new_day(number: int = 9, **other: Any) -> NewClosedDay:
    return NewClosedDay(
        **{"id": UUID(int=number), "day": CARNIVAL, "pt": "Carnaval", "en": "Carnival", "kind": "closed"} | other
    )


class Store:
    """What has been written so far. `now` is the time of the source's clock."""

    def __init__(self, *written: ClosedDay) -> None:
        self.written: tuple[ClosedDay, ...] = written
        self.available = True
        self.now = NOON
        self.source = CalendarSource(self.read, lambda: self.now)

    async def read(self) -> Sequence[ClosedDay]:
        if not self.available:
            raise StoreUnavailable("test")
        return self.written


def test_nothing_is_known_before_the_first_read() -> None:
    with pytest.raises(StoreUnavailable):
        Store().source.at(NOON)


async def test_a_read_serves_moments_up_to_fifty_seconds_later() -> None:
    store = Store()
    await store.source.load()
    assert store.source.at(NOON + KNOWN_AHEAD).version == Calendar.of_public_holidays().version
    with pytest.raises(StoreUnavailable):
        store.source.at(NOON + KNOWN_AHEAD + seconds(0.001))


async def test_a_failed_read_keeps_what_is_known() -> None:
    store = Store(closed_day(written=NOON - seconds(600)))
    await store.source.load()
    store.available, store.now = False, NOON + seconds(40)
    with pytest.raises(StoreUnavailable):
        await store.source.load()
    assert not store.source.at(NOON + seconds(50)).working_days("pf", None).is_working(CARNIVAL)
    with pytest.raises(StoreUnavailable):
        store.source.at(NOON + seconds(51))


@pytest.mark.parametrize(
    ("moment", "working", "changes"),
    [(59.999, True, ""), (60, False, "+1"), (159.999, False, "+1"), (160, True, "+2"), (9999, True, "+2")],
)
async def test_a_change_is_in_force_a_minute_after_it_was_written(moment: float, working: bool, changes: str) -> None:
    store = Store(closed_day(written=NOON, removed=NOON + seconds(100)))
    store.now = NOON + seconds(20_000)
    await store.source.load()
    calendar = store.source.at(NOON + seconds(moment))
    assert calendar.working_days("pf", None).is_working(CARNIVAL) is working
    assert calendar.version == Calendar.of_public_holidays().version + changes


async def test_a_decision_that_is_repeated_uses_the_same_calendar() -> None:
    store = Store(closed_day(written=NOON - seconds(600)))
    await store.source.load()
    first = store.source.at(NOON)
    store.written, store.now = (*store.written, closed_day(2, written=NOON + seconds(5))), NOON + seconds(10)
    await store.source.load()
    assert store.source.at(NOON).version == first.version
    assert store.source.at(NOON).closed_days == first.closed_days


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), st.none() | st.integers(0, 100)), max_size=6),
    st.lists(st.integers(0, 300), min_size=1, max_size=10).map(sorted),
)
async def test_a_calendar_has_every_change_in_force_or_is_not_given(
    additions: list[tuple[int, int, int | None]], reads: list[int]
) -> None:
    """Each addition is written at a second, takes some more to arrive, and may be removed later."""
    every = [
        closed_day(
            number,
            NOON + seconds(written),
            None if removed is None else NOON + seconds(written + removed),
            day=CARNIVAL + timedelta(days=number),
        )
        for number, (written, _, removed) in enumerate(additions)
    ]
    store = Store()
    for read in reads:
        store.now = NOON + seconds(read)
        store.written = tuple(
            _as_of(each, read, took, written, removed)
            for each, (written, took, removed) in zip(every, additions, strict=True)
            if written + took <= read
        )
        await store.source.load()
    for moment in (NOON + seconds(each) for each in range(-10, 420)):
        if moment <= NOON + seconds(reads[-1]) + KNOWN_AHEAD:
            truth = Calendar.at(moment, every)
            assert store.source.at(moment).version == truth.version
            assert [each.day for each in store.source.at(moment).closed_days] == [
                each.day for each in truth.closed_days
            ]
        else:
            with pytest.raises(StoreUnavailable):
                store.source.at(moment)


def _as_of(day: ClosedDay, read: int, took: int, written: int, removed: int | None) -> ClosedDay:
    """The day as it is stored at `read`: without a removal that has not arrived."""
    arrived = removed is not None and written + removed + took <= read
    return day if arrived else day.model_copy(update={"removed_from": None})


@pytest.mark.parametrize(
    ("known", "new", "is_added"),
    [
        (closed_day(), new_day(), False),
        (closed_day(), new_day(department="pf"), False),
        (closed_day(department="pf"), new_day(department="pf"), False),
        (closed_day(department="pf"), new_day(department="dd"), True),
        (closed_day(department="pf"), new_day(), True),
        (closed_day(removed=NOON), new_day(), True),
        (closed_day(day=date(2027, 2, 10)), new_day(), True),
    ],
    ids=["same", "for all", "same department", "other department", "for all after one", "removed", "other day"],
)
def test_a_day_that_is_closed_already_is_not_added_again(known: ClosedDay, new: NewClosedDay, is_added: bool) -> None:
    plan = plan_additions([new], [known], NOON)
    assert [each.id for each in plan.added] == ([new.id] if is_added else [])
    assert plan.existing == (() if is_added else (known,))


def test_the_same_addition_again_is_the_day_that_was_stored() -> None:
    plan = plan_additions([new_day(1)], [closed_day(1)], NOON + seconds(500))
    assert plan.added == (closed_day(1),)


def test_a_new_day_counts_from_a_moment_on() -> None:
    (added,) = plan_additions([new_day(department="pf")], [], NOON + IN_FORCE_AFTER).added
    assert (added.day, added.pt, added.department, added.kind) == (CARNIVAL, "Carnaval", "pf", "closed")
    assert (added.active_from, added.removed_from) == (NOON + IN_FORCE_AFTER, None)
