"""How far a group is behind, in time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from gateway.status.progress import MOST_NOTED, UNKNOWN_FOR, Progress

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, SECOND = ("requests.lifecycle.v1", 0), ("requests.lifecycle.v1", 1)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_group_that_has_committed_every_end_is_not_behind() -> None:
    progress = Progress()
    assert progress.behind(NOON) is None
    progress.note(at(0), {FIRST: 5, SECOND: 0}, {FIRST: 5})
    assert progress.behind(at(3)) == timedelta(0)


def test_one_partition_that_is_not_committed_is_enough_to_be_behind() -> None:
    progress = Progress()
    progress.note(at(0), {FIRST: 5, SECOND: 2}, {FIRST: 5, SECOND: 2})
    progress.note(at(10), {FIRST: 9, SECOND: 3}, {FIRST: 9, SECOND: 2})
    assert progress.behind(at(10)) == timedelta(seconds=10)
    assert progress.behind(at(60)) == timedelta(seconds=60)


def test_a_group_that_works_through_old_records_is_behind_by_their_age() -> None:
    progress = Progress()
    progress.note(at(0), {FIRST: 0}, {})
    for second in range(1, 61):
        # A hundred records a second are appended, and fifty are processed.
        progress.note(at(second), {FIRST: 100 * second}, {FIRST: 50 * second})
    assert progress.behind(at(60)) == timedelta(seconds=30)
    progress.note(at(61), {FIRST: 6000}, {FIRST: 6000})
    assert progress.behind(at(61)) == timedelta(0)


def test_the_delay_of_a_group_that_was_behind_from_the_start_is_not_known_at_once() -> None:
    progress = Progress()
    progress.note(at(0), {FIRST: 5}, {})
    assert progress.behind(at(UNKNOWN_FOR.total_seconds())) is None
    assert progress.behind(at(300)) == timedelta(seconds=300)


def test_a_long_standstill_is_measured_to_its_start_in_bounded_memory() -> None:
    progress = Progress()
    progress.note(at(0), {FIRST: 0}, {})
    for second in range(5, 50_000, 5):
        progress.note(at(second), {FIRST: second}, {FIRST: 0})
    assert len(progress._noted) <= MOST_NOTED
    assert progress.behind(at(50_000)) == timedelta(seconds=50_000)
    progress.note(at(50_005), {FIRST: 50_000}, {FIRST: 25_000})
    behind = progress.behind(at(50_005))
    assert behind is not None
    assert timedelta(seconds=25_000) <= behind <= timedelta(seconds=26_000)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1))
def test_all_that_was_appended_before_the_delay_is_processed(steps: list[tuple[int, int]]) -> None:
    """Against every record's own time. Each step appends some records and processes some, a second later."""
    progress, appended, processed = Progress(), list[datetime](), 0
    for second, (new, done) in enumerate(steps):
        progress.note(at(second), {FIRST: len(appended)}, {FIRST: processed})
        behind = progress.behind(at(second))
        if behind is not None and behind > timedelta(0):
            assert [each for each in appended[processed:] if each < at(second) - behind] == []
        appended += [at(second + 0.5)] * new
        processed = min(len(appended), processed + done)
