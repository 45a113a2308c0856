"""How much of its timeline a document keeps itself."""

from datetime import UTC, datetime
from typing import Any, cast

from services.common.store import OutboxEntry, Timelines
from services.common.store.timelines import ROOM

TIMELINES = Timelines("said", cast(Any, None))


def said(size: int, topic: str = "said") -> OutboxEntry:
    return OutboxEntry("1", topic, "k", {}, b"x" * size, datetime(2026, 3, 2, tzinfo=UTC))


def test_what_fits_is_kept_with_what_is_there() -> None:
    kept, anew = TIMELINES.room(1_000, [said(500), said(500, "elsewhere")])
    assert 1_500 < kept < 2_000
    assert not anew


def test_what_does_not_fit_begins_anew() -> None:
    kept, anew = TIMELINES.room(ROOM, [said(500)])
    assert 500 < kept < 1_000
    assert anew


def test_a_save_that_says_nothing_leaves_a_timeline_as_it_is_however_large() -> None:
    assert TIMELINES.room(ROOM + 1, []) == (ROOM + 1, False)
