from datetime import date, timedelta
from itertools import count

from hypothesis import given, strategies as st
from hypothesis.strategies import DataObject

from services.common.legal_clock import Calendar, Clock, Deadline, Suspension, WorkingDays, deadline, explain
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


def explained(found: Deadline) -> list[tuple[str, str | int | None]]:
    """Each day as `MM-DD`, with its number or the reason why it does not count."""
    return [(f"{each.day:%m-%d}", each.because or each.number) for each in explain(found)]


def test_every_day_of_a_term_in_working_days_counts_or_has_a_reason() -> None:
    days = Calendar.at(NOW, [closed_day("2026-04-06", department="pf")]).working_days("pf", None)
    hearing = Suspension(since=date(2026, 4, 1), until=date(2026, 4, 7), because="hearing")
    found = deadline(date(2026, 3, 31), "CERT3", working_days(3), days, suspensions=[hearing], extension=1)
    assert explained(found) == [
        ("04-01", 1),
        ("04-02", "suspended"),
        ("04-03", "holiday"),
        ("04-04", "weekend"),
        ("04-05", "weekend"),
        ("04-06", "closed"),
        ("04-07", "suspended"),
        ("04-08", 2),
        ("04-09", 3),
        ("04-10", 4),
    ]


def test_a_dilation_comes_before_the_term() -> None:
    days = Calendar.of_public_holidays().working_days(None, "PT-20")
    found = deadline(date(2026, 5, 22), "CERT3", working_days(3), days, place="PT-20")
    kinds = explained(found)
    assert kinds[:4] == [("05-23", "weekend"), ("05-24", "weekend"), ("05-25", "holiday"), ("05-26", "dilation")]
    assert kinds[10:] == [("06-02", 1), ("06-03", 2), ("06-04", "holiday"), ("06-05", 3)]


def test_a_month_runs_through_weekends_and_ends_on_a_working_day() -> None:
    kinds = explained(deadline(date(2026, 3, 3), "RGPD30", ONE_MONTH, MAINLAND))
    assert kinds[:30] == [(f"{date(2026, 3, 3) + timedelta(days=n):%m-%d}", n) for n in range(1, 31)]
    assert kinds[30:] == [("04-03", "holiday"), ("04-04", "weekend"), ("04-05", "weekend"), ("04-06", 31)]


def test_a_month_is_explained_after_its_dilation_and_without_suspended_days() -> None:
    days = Calendar.of_public_holidays().working_days(None, "PT-20")
    asked = Suspension(since=date(2026, 5, 5), until=date(2026, 5, 11), because="documents")
    kinds = explained(deadline(date(2026, 4, 17), "RGPD30", ONE_MONTH, days, place="PT-20", suspensions=[asked]))
    assert [kind for _, kind in kinds[:7]] == ["weekend", "weekend", *["dilation"] * 5]
    assert kinds[7:9] == [("04-25", 1), ("04-26", 2)]
    assert [day for day, kind in kinds if kind == "suspended"] == [f"05-{day:02}" for day in range(6, 12)]
    assert kinds[36:38] == [("05-24", "weekend"), ("05-25", "holiday")]
    assert kinds[-1][0] == "06-01"


def test_each_reason_is_in_both_languages() -> None:
    found = deadline(date(2026, 4, 1), "CERT3", working_days(3), MAINLAND)
    reasons = {each.because: (each.pt, each.en) for each in explain(found)}
    assert reasons["holiday"] == ("Sexta-feira Santa", "Good Friday")
    assert reasons["weekend"] == ("Domingo", "Sunday")
    assert reasons[None] == ("", "")


def test_an_explanation_needs_no_calendar() -> None:
    days = Calendar.at(NOW, [closed_day("2026-03-10", pt="Obras", en="Works")]).working_days("pf", None)
    found = deadline(date(2026, 3, 2), "INF10", working_days(10), days)
    read = Deadline.model_validate_json(found.model_dump_json())
    assert read == found
    assert list(explain(read)) == list(explain(found))
    assert ("closed", "Obras", "Works") in [each[1:4] for each in explain(read)]


@given(st.data(), any_working_days(), clocks, places, entry_days, st.integers(0, 20))
def test_the_explanation_adds_up(
    data: DataObject, days: WorkingDays, clock: Clock, place: str | None, entered: date, extension: int
) -> None:
    suspended = data.draw(suspensions(entered))
    found = deadline(entered, "T", clock, days, place=place, suspensions=suspended, extension=extension)
    every = list(explain(found))
    counted = [each for each in every if each.because is None]
    assert [each.day for each in every] == [
        entered + timedelta(days=n) for n in range(1, (found.due_on - entered).days + 1)
    ]
    began_on_the_last = counted[-1].day in {each.since for each in suspended}
    assert every[-1].because is None or (every[-1].because == "suspended" and began_on_the_last)
    assert [each.number for each in counted] == [number for number, _ in zip(count(1), counted, strict=False)]
    assert all(each.number is None and each.pt and each.en for each in every if each.because is not None)
    assert [each.because for each in every].count("dilation") == found.dilation
    if found.unit == "working_days":
        assert len(counted) == found.length + extension
        assert all(days.is_working(each.day) for each in counted)


@given(any_working_days(), st.integers(1, 6), entry_days)
def test_a_term_in_months_counts_its_calendar_days(days: WorkingDays, months: int, entered: date) -> None:
    found = deadline(entered, "T", Clock(length=months, unit="calendar_months"), days)
    numbers = [each.number for each in explain(found)]
    assert numbers[-1] is not None
    assert 28 * months <= numbers[-1] <= 31 * months
