from datetime import date, timedelta
from importlib.metadata import version

import pytest
from hypothesis import given, strategies as st

from services.common.legal_clock import Calendar, ClosedDay
from tests.unit.legal_clock.builders import NOW, closed_day

PACKAGE = f"PT/{version('holidays')}"
CARNIVAL = date(2026, 2, 17)
SANTO_ANTONIO = closed_day("2025-06-13", pt="Santo António", en="Saint Anthony", kind="holiday", department="pf")


def test_without_closed_days_the_version_is_that_of_the_public_holidays() -> None:
    assert Calendar.of_public_holidays().version == Calendar.at(NOW, ()).version == PACKAGE


def test_a_municipal_holiday_is_that_of_its_department() -> None:
    calendar, day = Calendar.at(NOW, [SANTO_ANTONIO]), SANTO_ANTONIO.day
    assert calendar.working_days("pf", None).why_closed(day) == ("holiday", "Santo António", "Saint Anthony")
    assert calendar.working_days("dd", None).is_working(day)
    assert calendar.working_days(None, None).is_working(day)


def test_a_day_without_a_department_is_closed_for_every_one() -> None:
    calendar = Calendar.at(NOW, [closed_day("2026-02-17", pt="Carnaval", en="Carnival")])
    for department in ("pf", "dd", None):
        assert calendar.working_days(department, "FR").why_closed(CARNIVAL) == ("closed", "Carnaval", "Carnival")


def test_a_public_holiday_keeps_its_name() -> None:
    calendar = Calendar.at(NOW, [closed_day("2026-12-25"), closed_day("2026-02-17", 2, active_from=NOW, pt="Depois")])
    assert calendar.working_days("pf", None).why_closed(date(2026, 12, 25)) == (
        "holiday",
        "Dia de Natal",
        "Christmas Day",
    )


def test_of_two_names_of_a_day_the_earlier_one_is_kept() -> None:
    later = closed_day("2026-02-17", 1, pt="Depois", active_from=NOW)
    earlier = closed_day("2026-02-17", 2, pt="Antes", active_from=NOW - timedelta(days=1))
    for order in ([later, earlier], [earlier, later]):
        why = Calendar.at(NOW, order).working_days("pf", None).why_closed(CARNIVAL)
        assert why is not None
        assert why.pt == "Antes"


@pytest.mark.parametrize(
    ("seconds", "known", "changes"), [(-1, False, ""), (0, True, "+1"), (99, True, "+1"), (100, False, "+2")]
)
def test_a_change_counts_from_its_moment_on(seconds: int, known: bool, changes: str) -> None:
    day = closed_day("2026-02-17", active_from=NOW, removed_from=NOW + timedelta(seconds=100))
    calendar = Calendar.at(NOW + timedelta(seconds=seconds), [day])
    assert calendar.working_days("pf", None).is_working(CARNIVAL) is not known
    assert calendar.version == PACKAGE + changes


@given(st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(0, 50)), max_size=5), st.integers(0, 100))
def test_equal_versions_of_one_history_mean_equal_calendars(changes: list[tuple[int, int | None]], moment: int) -> None:
    def at(seconds: int) -> Calendar:
        return Calendar.at(NOW + timedelta(seconds=seconds), days)

    days = [_changed(number, start, length) for number, (start, length) in enumerate(changes)]
    same = [each for each in range(101) if at(each).version == at(moment).version]
    assert {at(each).closed_days for each in same} == {at(moment).closed_days}


def _changed(number: int, start: int, length: int | None) -> ClosedDay:
    active_from = NOW + timedelta(seconds=start)
    removed_from = None if length is None else active_from + timedelta(seconds=length)
    return closed_day("2026-02-17", number, active_from=active_from, removed_from=removed_from)
