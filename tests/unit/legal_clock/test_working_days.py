from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from services.common.legal_clock import WorkingDays
from tests.unit.legal_clock.builders import AZORES, MADEIRA, MAINLAND, any_working_days, entry_days

NATIONAL_2026 = {
    f"2026-{day}"
    for day in (
        *("01-01", "04-03", "04-05", "04-25", "05-01", "06-04", "06-10", "08-15", "10-05", "11-01", "12-01", "12-08"),
        "12-25",
    )
}
WEEKDAYS_2027 = {f"2027-{day}" for day in ("01-01", "03-26", "05-27", "06-10", "10-05", "11-01", "12-01", "12-08")}


def holidays(days: WorkingDays, year: int) -> set[str]:
    """The weekdays of the year that are no working days."""
    every = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return {each.isoformat() for each in every if each.weekday() < 5 and not days.is_working(each)}


def test_the_national_holidays() -> None:
    weekends = {"2026-04-05", "2026-04-25", "2026-08-15", "2026-11-01"}
    assert holidays(MAINLAND, 2026) == NATIONAL_2026 - weekends
    assert holidays(MAINLAND, 2027) == WEEKDAYS_2027


def test_the_holidays_of_the_azores_and_of_madeira() -> None:
    assert holidays(AZORES, 2026) - holidays(MAINLAND, 2026) == {"2026-05-25"}
    assert holidays(MADEIRA, 2026) - holidays(MAINLAND, 2026) == {"2026-07-01"}
    assert holidays(MADEIRA, 2028) - holidays(MAINLAND, 2028) == {"2028-12-26"}


@pytest.mark.parametrize(
    ("days", "day", "why"),
    [
        (MAINLAND, "2026-03-28", ("weekend", "Sábado", "Saturday")),
        (MAINLAND, "2026-03-29", ("weekend", "Domingo", "Sunday")),
        (MAINLAND, "2026-04-25", ("weekend", "Sábado", "Saturday")),
        (MAINLAND, "2026-04-03", ("holiday", "Sexta-feira Santa", "Good Friday")),
        (
            AZORES,
            "2026-05-25",
            ("holiday", "Dia da Região Autónoma dos Açores", "Day of the Autonomous Region of the Azores"),
        ),
        (MADEIRA, "2028-12-26", ("holiday", "Primeira Oitava", "1st Octave")),
        (MAINLAND, "2026-05-25", None),
    ],
)
def test_a_closed_day_has_a_reason_in_both_languages(
    days: WorkingDays, day: str, why: tuple[str, str, str] | None
) -> None:
    assert days.why_closed(date.fromisoformat(day)) == why


def test_days_are_counted_back_from_a_day_that_counts_if_it_is_a_working_day() -> None:
    monday, sunday = date(2026, 3, 9), date(2026, 3, 8)
    assert MAINLAND.before(monday, 1) == date(2026, 3, 6)
    assert MAINLAND.before(sunday, 1) == date(2026, 3, 5)
    assert (MAINLAND.before(monday, 0), MAINLAND.before(sunday, 0)) == (monday, date(2026, 3, 6))


@given(any_working_days(), entry_days, st.integers(0, 120))
def test_the_nth_working_day_after_is_one_and_counts_exactly(days: WorkingDays, start: date, n: int) -> None:
    end = days.after(start, n)
    assert n == 0 or days.is_working(end)
    assert days.between(start, end) == n


@given(any_working_days(), entry_days, st.integers(0, 120))
def test_the_nth_working_day_before_is_one_and_counts_exactly(days: WorkingDays, day: date, n: int) -> None:
    start = days.before(day, n)
    assert days.is_working(start)
    assert days.between(start, day) == n


@given(any_working_days(), entry_days, st.integers(0, 120))
def test_before_and_after_are_inverse(days: WorkingDays, day: date, n: int) -> None:
    working = days.next_working(day)
    assert days.before(days.after(working, n), n) == working
    assert days.after(days.before(working, n), n) == working


@given(any_working_days(), entry_days)
def test_the_next_working_day_skips_closed_days_only(days: WorkingDays, day: date) -> None:
    found = days.next_working(day)
    assert days.is_working(found)
    assert days.between(day - timedelta(days=1), found) == 1


@given(any_working_days(), entry_days, st.integers(0, 60), st.integers(0, 60))
def test_working_days_between_add_up(days: WorkingDays, start: date, first: int, second: int) -> None:
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)
    assert days.between(start, middle) + days.between(middle, end) == days.between(start, end)
    assert days.between(end, start) == 0
