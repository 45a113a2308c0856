"""The days on which terms end. All vectors were counted by hand on a calendar."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import DataObject

from services.common.catalogue import catalogue
from services.common.legal_clock import Calendar, Clock, Deadline, Suspension, WorkingDays, day_of, deadline, explain
from tests.unit.legal_clock.builders import (
    MAINLAND,
    NOW,
    ONE_MONTH,
    any_working_days,
    clocks,
    closed_day,
    entry_days,
    places,
    suspensions,
    working_days,
)

GOLDEN = list(csv.DictReader((Path(__file__).parent / "deadlines.csv").open()))


def due(
    entered: str, clock: Clock, place: str | None = None, *suspended: tuple[str, str | None], extension: int = 0
) -> str:
    """The due date for a person who lives at `place`, in a department that has no closed days."""
    days = Calendar.of_public_holidays().working_days(None, place)
    found = deadline(
        date.fromisoformat(entered),
        "TERM",
        clock,
        days,
        place=place,
        suspensions=[_suspension(*each) for each in suspended],
        extension=extension,
    )
    return found.due_on.isoformat()


def _suspension(since: str, until: str | None) -> Suspension:
    last = None if until is None else date.fromisoformat(until)
    return Suspension(since=date.fromisoformat(since), until=last, because="documents")


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['entered']}+{row['working_days']}")
def test_due_dates_match_the_golden_table(row: dict[str, str]) -> None:
    assert due(row["entered"], working_days(int(row["working_days"]))) == row["due"]


@pytest.mark.parametrize(
    ("place", "entered", "length", "day"),
    [
        # The Monday after Pentecost, and Corpus Christi.
        ("PT-20", "2026-05-22", 3, "2026-06-05"),
        ("PT-4203", "2026-05-22", 3, "2026-06-05"),
        # 1 July.
        ("PT-3103", "2026-06-24", 10, "2026-07-16"),
        # 25 and 26 December.
        ("PT-30", "2028-12-15", 3, "2028-12-29"),
        ("FR", "2026-03-02", 10, "2026-04-07"),
        ("BR", "2026-03-02", 3, "2026-04-17"),
        ("PT-11", "2026-05-22", 3, "2026-05-27"),
    ],
)
def test_who_lives_outside_the_mainland_has_a_dilation_and_the_holidays_of_the_region(
    place: str, entered: str, length: int, day: str
) -> None:
    assert due(entered, working_days(length), place) == day


@pytest.mark.parametrize(
    ("entered", "place", "day"),
    [
        ("2026-01-31", None, "2026-03-02"),
        ("2028-01-31", None, "2028-02-29"),
        ("2028-02-29", None, "2028-03-29"),
        ("2026-03-02", None, "2026-04-02"),
        ("2026-03-03", None, "2026-04-06"),
        ("2026-12-10", None, "2027-01-11"),
        ("2026-04-17", "PT-20", "2026-05-26"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last_moved_to_a_working_day(
    entered: str, place: str | None, day: str
) -> None:
    assert due(entered, ONE_MONTH, place) == day


@pytest.mark.parametrize(
    ("suspended", "day"),
    [
        ([], "2026-03-16"),
        ([("2026-03-04", "2026-03-11")], "2026-03-23"),
        ([("2026-03-04", "2026-03-11"), ("2026-03-09", "2026-03-13")], "2026-03-25"),
        ([("2026-03-04", "2026-03-11"), ("2026-03-04", "2026-03-11")], "2026-03-23"),
        ([("2026-03-12", "2026-03-18")], "2026-03-20"),
        ([("2026-03-06", "2026-03-08")], "2026-03-16"),
        ([("2026-03-04", "2026-03-04")], "2026-03-16"),
        ([("2026-03-11", "2026-03-04")], "2026-03-16"),
        ([("2026-03-04", None)], "2026-03-16"),
        ([("2026-03-20", "2026-04-20")], "2026-03-16"),
        ([("2026-03-16", "2026-03-20")], "2026-03-20"),
        ([("2026-03-16", "2026-03-22")], "2026-03-20"),
        ([("2026-03-17", "2026-03-20")], "2026-03-16"),
        ([("2026-03-16", "2026-03-18"), ("2026-03-18", "2026-03-24")], "2026-03-24"),
        ([("2026-03-18", "2026-03-24"), ("2026-03-16", "2026-03-18")], "2026-03-24"),
        ([("2026-03-16", "2026-03-17"), ("2026-03-16", "2026-03-20")], "2026-03-20"),
    ],
    ids=[
        "none",
        "within",
        "overlapping",
        "twice",
        "over the end",
        "a weekend",
        "same day",
        "reversed",
        "open",
        "after",
        "on the last day",
        "on the last day, over a weekend",
        "on the day after the last",
        "on the last day, then on the new last day",
        "the same in another order",
        "twice on the last day",
    ],
)
def test_suspended_working_days_are_added_exactly(suspended: list[tuple[str, str | None]], day: str) -> None:
    assert due("2026-03-02", working_days(10), None, *suspended) == day


def test_suspended_working_days_of_a_month_are_added_to_its_end() -> None:
    assert due("2026-03-02", ONE_MONTH, None, ("2026-03-09", "2026-03-13")) == "2026-04-09"


def test_an_extension_adds_working_days() -> None:
    assert due("2026-03-02", working_days(10), extension=5) == "2026-03-23"
    assert due("2026-03-02", ONE_MONTH, extension=2) == "2026-04-07"


@pytest.mark.parametrize(("department", "day"), [("pf", "2026-03-17"), ("dd", "2026-03-16"), (None, "2026-03-16")])
def test_a_closed_day_counts_in_its_department_alone(department: str | None, day: str) -> None:
    calendar = Calendar.at(NOW, [closed_day("2026-03-10", department="pf")])
    found = deadline(date(2026, 3, 2), "INF10", working_days(10), calendar.working_days(department, None))
    assert found.due_on.isoformat() == day
    assert found.calendar == calendar.version


@pytest.mark.parametrize(
    ("filed", "day"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "2026-04-01"),
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "2026-04-01"),
        (datetime(2026, 3, 29, 23, 30, tzinfo=UTC), "2026-04-02"),
        (datetime(2026, 10, 22, 22, 30, tzinfo=UTC), "2026-10-27"),
        (datetime(2026, 10, 22, 23, 30, tzinfo=UTC), "2026-10-28"),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "2026-10-28"),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), "2026-10-28"),
        (datetime(2026, 10, 26, 0, 30, tzinfo=UTC), "2026-10-29"),
    ],
)
def test_a_request_enters_on_its_day_in_lisbon_when_clocks_change(filed: datetime, day: str) -> None:
    assert due(day_of(filed).isoformat(), working_days(3)) == day


def test_a_deadline_names_its_term_and_its_calendar() -> None:
    found = deadline(date(2026, 3, 2), "AUD10", catalogue().clocks["AUD10"], MAINLAND, place="FR", extension=1)
    assert (found.term, found.length, found.unit) == ("AUD10", 10, "working_days")
    assert (found.dilation, found.extension, found.calendar) == (15, 1, MAINLAND.calendar)
    assert [(each.day.isoformat(), each.because, each.pt) for each in found.skipped] == [
        ("2026-04-03", "holiday", "Sexta-feira Santa")
    ]


@given(st.data(), any_working_days(), clocks, places, entry_days, st.integers(0, 90), st.integers(0, 20))
def test_who_enters_later_is_due_no_earlier(
    data: DataObject,
    days: WorkingDays,
    clock: Clock,
    place: str | None,
    entered: date,
    later: int,
    extension: int,
) -> None:
    last = entered + timedelta(days=later)
    suspended = data.draw(suspensions(last))
    first, second = (
        deadline(each, "T", clock, days, place=place, suspensions=suspended, extension=extension)
        for each in (entered, last)
    )
    assert first.due_on <= second.due_on


@given(st.data(), any_working_days(), clocks, places, entry_days)
def test_a_suspension_adds_exactly_its_working_days(
    data: DataObject, days: WorkingDays, clock: Clock, place: str | None, entered: date
) -> None:
    suspended = data.draw(suspensions(entered))
    before = deadline(entered, "T", clock, days, place=place)
    after = deadline(entered, "T", clock, days, place=place, suspensions=suspended)
    covered = {day for each in suspended if each.until is not None for day in _days(each.since, each.until)}
    added = sum(days.is_working(day) for day in covered if entered < day <= after.due_on)
    assert days.between(before.due_on, after.due_on) == added
    assert after.due_on not in covered or _last_counted(after) in {each.since for each in suspended}


@given(st.data(), any_working_days(), clocks, places, entry_days, st.integers(0, 20))
def test_a_term_ends_on_a_working_day(
    data: DataObject, days: WorkingDays, clock: Clock, place: str | None, entered: date, extension: int
) -> None:
    suspended = data.draw(suspensions(entered))
    found = deadline(entered, "T", clock, days, place=place, suspensions=suspended, extension=extension)
    assert days.is_working(found.due_on)
    assert found.due_on > entered


@given(any_working_days(), st.integers(1, 120), places, entry_days, st.integers(0, 20))
def test_a_term_in_working_days_has_its_length_its_dilation_and_its_extension(
    days: WorkingDays, length: int, place: str | None, entered: date, extension: int
) -> None:
    found = deadline(entered, "T", working_days(length), days, place=place, extension=extension)
    assert days.between(entered, found.due_on) == found.dilation + length + extension


def _last_counted(found: Deadline) -> date:
    return max(each.day for each in explain(found) if each.number is not None)


def _days(after: date, last: date) -> list[date]:
    """Every day after `after` and up to `last`."""
    return [date.fromordinal(each) for each in range(after.toordinal() + 1, last.toordinal() + 1)]
