from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from services.common.legal_clock import LISBON, day_of, end_of, moments_of, start_of


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), date(2026, 7, 2)),
        # Summer time begins on 29 March 2026 at 01:00 UTC.
        (datetime(2026, 3, 28, 23, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 23, 0, tzinfo=UTC), date(2026, 3, 30)),
        # It ends on 25 October 2026 at 01:00 UTC.
        (datetime(2026, 10, 24, 22, 59, tzinfo=UTC), date(2026, 10, 24)),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_the_day_of_a_time_is_that_in_lisbon(moment: datetime, day: date) -> None:
    assert day_of(moment) == day
    assert start_of(day) <= moment < end_of(day)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-07-01", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-12-31", 24)]
)
def test_a_day_ends_at_the_next_midnight_in_lisbon(day: str, hours: int) -> None:
    start, end = (moment(date.fromisoformat(day)).astimezone(UTC) for moment in (start_of, end_of))
    assert (end - start).total_seconds() == hours * 3600


def test_midnight_in_summer_is_an_hour_earlier_in_utc() -> None:
    assert end_of(date(2026, 7, 1)).astimezone(UTC) == datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
    assert start_of(date(2026, 1, 1)).astimezone(UTC) == datetime(2026, 1, 1, 0, 0, tzinfo=UTC)


@given(st.integers(0, 20 * 366 * 24 * 60))
def test_what_the_clocks_show_at_a_moment_stands_for_that_moment(minutes: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    moments = moments_of(moment.astimezone(LISBON).replace(tzinfo=None))
    assert moment in moments
    assert list(moments) == sorted(moments)


@pytest.mark.parametrize(
    ("clock", "moments"),
    [
        ("2026-03-29 00:59", ["2026-03-29 00:59"]),
        ("2026-03-29 01:00", []),
        ("2026-03-29 01:59", []),
        ("2026-03-29 02:00", ["2026-03-29 01:00"]),
        ("2026-10-25 00:59", ["2026-10-24 23:59"]),
        ("2026-10-25 01:00", ["2026-10-25 00:00", "2026-10-25 01:00"]),
        ("2026-10-25 01:59", ["2026-10-25 00:59", "2026-10-25 01:59"]),
        ("2026-10-25 02:00", ["2026-10-25 02:00"]),
    ],
)
def test_an_hour_is_left_out_in_march_and_repeated_in_october(clock: str, moments: list[str]) -> None:
    found = [f"{each:%Y-%m-%d %H:%M}" for each in moments_of(datetime.fromisoformat(clock))]
    assert found == moments


def test_no_time_is_missing_or_repeated_on_other_days() -> None:
    start = datetime.fromisoformat("2026-06-01 00:00")
    assert all(len(moments_of(start + timedelta(minutes=15 * quarter))) == 1 for quarter in range(96 * 30))
