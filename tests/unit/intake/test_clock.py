import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import Clock
from services.intake.domain import clock

GOLDEN = list(csv.DictReader((Path(__file__).parent / "deadlines.csv").open()))
HOLIDAYS_2026 = [
    "01-01",
    "04-03",
    "04-05",
    "04-25",
    "05-01",
    "06-04",
    "06-10",
    "08-15",
    "10-05",
    "11-01",
    "12-01",
    "12-08",
    "12-25",
]


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['entered']}+{row['working_days']}")
def test_due_dates_match_the_golden_table(row: dict[str, str]) -> None:
    term = Clock.model_validate({"length": int(row["working_days"]), "unit": "working_days", "for": "-"})
    assert clock.due_on(date.fromisoformat(row["entered"]), term) == date.fromisoformat(row["due"])


def test_the_national_holidays_of_2026() -> None:
    assert clock._holidays(2026) == {date.fromisoformat(f"2026-{day}") for day in HOLIDAYS_2026}


days = st.dates(date(2025, 1, 1), date(2035, 12, 31))


@given(days, st.integers(1, 120))
def test_a_term_ends_on_a_working_day_and_counts_exactly(start: date, length: int) -> None:
    end = clock.add_working_days(start, length)
    assert clock.is_working_day(end)
    between = [date.fromordinal(day) for day in range(start.toordinal() + 1, end.toordinal() + 1)]
    assert sum(map(clock.is_working_day, between)) == length


@given(days, st.integers(1, 6))
def test_a_term_in_months_ends_on_a_working_day_not_before_its_date(start: date, months: int) -> None:
    end = clock.add_months(start, months)
    assert clock.is_working_day(end)
    assert 27 <= (end - start).days <= 31 * months + 7


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-31", "2026-03-02"),
        ("2026-03-02", "2026-04-02"),
        ("2026-03-03", "2026-04-06"),
        ("2026-12-10", "2027-01-11"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last_moved_to_a_working_day(start: str, end: str) -> None:
    assert clock.add_months(date.fromisoformat(start), 1) == date.fromisoformat(end)


def test_the_day_of_a_time_is_that_in_lisbon() -> None:
    assert clock.day_of(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert clock.day_of(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)) == date(2026, 1, 1)


def test_a_day_ends_at_the_next_midnight_in_lisbon() -> None:
    assert clock.end_of(date(2026, 7, 1)).astimezone(UTC) == datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
