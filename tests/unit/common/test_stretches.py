"""Stretches cover the whole range, each time once, nearest first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from services.common.store.stretches import Stretch, backwards, fill, forwards

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 40_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
WIDTHS = st.timedeltas(timedelta(milliseconds=1), timedelta(hours=2))


def _inside(stretch: Stretch, moment: datetime) -> bool:
    return (stretch.since is None or stretch.since <= moment) and (stretch.until is None or moment < stretch.until)


@given(since=MOMENTS, until=MOMENTS, width=WIDTHS, moment=MOMENTS)
def test_forwards_covers_each_moment_of_its_range_once_and_no_other(
    since: datetime, until: datetime, width: timedelta, moment: datetime
) -> None:
    covering = [stretch for stretch in forwards(since, until, width) if _inside(stretch, moment)]
    assert len(covering) == (since <= moment < until)


@given(latest=MOMENTS, widths=st.lists(WIDTHS, max_size=6).map(sorted), moment=MOMENTS)
def test_backwards_covers_each_moment_once(latest: datetime, widths: list[timedelta], moment: datetime) -> None:
    assert sum(_inside(stretch, moment) for stretch in backwards(latest, widths)) == 1


@pytest.mark.parametrize("years", [2_025, 2_027, 10_000, 1_000_000])
def test_a_width_of_thousands_of_years_is_all_the_rest(years: int) -> None:
    widths = [timedelta(hours=1), timedelta(days=366 * years)]
    assert list(backwards(NOON, widths)) == [
        Stretch(NOON - timedelta(hours=1), None),
        Stretch(None, NOON - timedelta(hours=1)),
    ]


def test_each_stretch_forwards_is_twice_as_wide_as_the_one_before() -> None:
    widths = [each.until - each.since for each in forwards(NOON, NOON + timedelta(hours=1), timedelta(seconds=1))]  # type: ignore[operator]
    assert widths[:4] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert len(widths) == 12


@given(times=st.lists(MOMENTS), limit=st.integers(1, 12), width=WIDTHS)
async def test_what_is_found_is_what_one_search_of_the_whole_range_finds(
    times: list[datetime], limit: int, width: timedelta
) -> None:
    asked: list[int] = []

    async def find(stretch: Stretch, at_most: int) -> list[datetime]:
        asked.append(at_most)
        return sorted(each for each in times if _inside(stretch, each))[:at_most]

    until = NOON + timedelta(seconds=40_001)
    assert await fill(find, forwards(NOON, until, width), limit) == sorted(times)[:limit]
    assert all(at_most > 0 for at_most in asked)
