"""What an operator types about closed days, and the list that they read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.cli.calendar import _changes_nothing, rows_of
from deploy.operator.calendar import closed_days_of, find_closed_day, parse_day
from deploy.operator.errors import OperatorError
from services.common.contracts.internal import CalendarResponse, PublicHoliday
from services.common.legal_clock import ClosedDay

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SANTO_ANTONIO = date(2026, 6, 13)


def closed_day(identifier: str = "1f0c4a52-0000-4000-8000-000000000001", **other: Any) -> ClosedDay:
    about = {"day": SANTO_ANTONIO, "pt": "Santo António", "en": "Saint Anthony", "kind": "holiday", "department": "pf"}
    return ClosedDay(id=UUID(identifier), active_from=NOW, **about | other)


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-03-02", TODAY), (" 2026-06-13 ", SANTO_ANTONIO), ("2029-03-02", date(2029, 3, 2))],
)
def test_today_and_the_next_three_years_can_be_closed(typed: str, day: date) -> None:
    assert parse_day(typed, TODAY) == day


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("2026-03-01", "is in the past"),
        ("2029-03-03", "more than three years away"),
        ("9999-12-31", "more than three years away"),
        ("13/06/2026", "is not a day: write it like 2026-03-02"),
        ("2026-02-30", "is not a day"),
        ("", "is not a day"),
    ],
)
def test_another_day_is_refused_in_words(typed: str, what: str) -> None:
    with pytest.raises(OperatorError, match=what):
        parse_day(typed, TODAY)


def test_one_day_is_closed_for_each_department_once() -> None:
    days = closed_days_of(SANTO_ANTONIO, " Santo\u200b António ", None, ["pf", "dd", "pf"], holiday=True)
    assert [each.department for each in days] == ["pf", "dd"]
    assert {(each.pt, each.en, each.kind) for each in days} == {("Santo António", "Santo António", "holiday")}
    assert len({each.id for each in days}) == 2


def test_without_a_department_a_day_is_closed_for_all() -> None:
    (day,) = closed_days_of(SANTO_ANTONIO, "Obras", "Works", [], holiday=False)
    assert (day.department, day.pt, day.en, day.kind) == (None, "Obras", "Works", "closed")


@pytest.mark.parametrize("name", ["", " \u200b ", "a" * 101])
def test_a_name_is_needed_and_short(name: str) -> None:
    with pytest.raises(OperatorError, match="between one and 100 characters"):
        closed_days_of(SANTO_ANTONIO, name, None, [], holiday=False)


def test_an_unknown_department_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OperatorError, match="There is no department 'xx': choose one of pf, dd, "):
        closed_days_of(SANTO_ANTONIO, "Obras", None, ["pf", "xx"], holiday=False)


def test_a_closed_day_is_found_by_the_beginning_of_its_id() -> None:
    days = [closed_day(), closed_day("1f0c4a53-0000-4000-8000-000000000002")]
    assert find_closed_day("1F0C4A52", days) == days[0]
    assert find_closed_day(str(days[1].id), days) == days[1]
    with pytest.raises(OperatorError, match="Several closed days"):
        find_closed_day("1f0c", days)
    for typed in ("2", "", " ", "-", str(UUID(int=7))):
        with pytest.raises(OperatorError, match="There is no closed day"):
            find_closed_day(typed, days)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-06-14", "2026-06-14 is a Sunday: it is no working day anyway, and closing it would change no date."),
        (
            "2026-12-25",
            "2026-12-25 is a public holiday (Christmas Day): it is no working day anyway, and closing it would change no date.",
        ),
        ("2026-06-12", None),
    ],
)
def test_a_day_that_is_no_working_day_anyway_changes_nothing(day: str, reason: str | None) -> None:
    assert _changes_nothing(date.fromisoformat(day)) == reason


PUBLIC = (
    PublicHoliday(day=date(2026, 5, 25), pt="Açores", en="Azores", region="20"),
    PublicHoliday(day=date(2026, 12, 25), pt="Natal", en="Christmas"),
)


def listed(department: str | None, *days: ClosedDay, now: datetime = NOW) -> list[tuple[str, str, str]]:
    calendar = CalendarResponse(version="PT/1", public_holidays=PUBLIC, closed_days=days)
    return [(str(row.day), row.closed_for, row.pt) for row in rows_of(calendar, 2026, department, now)]


AZORES, CHRISTMAS = ("2026-05-25", "Azores", "Açores"), ("2026-12-25", "everybody", "Natal")


def test_the_list_has_everything_that_counts_for_a_department_by_date() -> None:
    days = [
        closed_day(),
        closed_day(department="dd", pt="Obras"),
        closed_day(department=None, day=date(2026, 2, 17), pt="Carnaval"),
        closed_day(day=date(2027, 6, 13)),
    ]
    all_departments = [
        ("2026-02-17", "everybody", "Carnaval"),
        AZORES,
        ("2026-06-13", "dd", "Obras"),
        ("2026-06-13", "pf", "Santo António"),
        CHRISTMAS,
    ]
    assert listed(None, *days) == all_departments
    assert listed("pf", *days) == [row for row in all_departments if row[1] != "dd"]


def test_a_removed_day_is_listed_until_its_removal_counts() -> None:
    removed = closed_day(removed_from=NOW)
    assert listed(None, removed, now=NOW) == [AZORES, CHRISTMAS]
    assert len(listed(None, removed, now=NOW - timedelta(seconds=1))) == 3
