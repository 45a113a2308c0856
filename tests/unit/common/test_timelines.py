"""When a document's timeline must spill to its own collection."""

from datetime import UTC, datetime
from typing import Any, cast

from services.common.store import OutboxEntry, Timelines
from services.common.store.timelines import MAX_TIMELINE_BYTES

TIMELINES = Timelines("timeline", cast(Any, None))


def event(size: int, topic: str = "timeline") -> OutboxEntry:
    return OutboxEntry("1", topic, "k", {}, b"x" * size, datetime(2026, 3, 2, tzinfo=UTC))


def test_events_that_fit_are_added_to_the_timeline_in_the_document() -> None:
    size, spill = TIMELINES.size_with(1_000, [event(500), event(500, "another")])
    assert 1_500 < size < 2_000
    assert not spill


def test_a_timeline_that_becomes_too_large_spills_first() -> None:
    size, spill = TIMELINES.size_with(MAX_TIMELINE_BYTES, [event(500)])
    assert 500 < size < 1_000
    assert spill


def test_a_save_without_events_leaves_a_timeline_unchanged_whatever_its_size() -> None:
    assert TIMELINES.size_with(MAX_TIMELINE_BYTES + 1, []) == (MAX_TIMELINE_BYTES + 1, False)
