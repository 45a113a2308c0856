"""The fold: the same document and the same records give the same change, however the records are split into batches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.inbox import INBOX_MAX_PER_TOPIC, INBOX_MIN, INBOX_REFILL
from services.common.store import Document, OutboxEntry, Parked
from tests.integration.kernel.ledger import Account, ledger

LEDGER = ledger("fold")
KEY = UUID(int=1)
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def entry(amount: int, how: str = "book", *, id: str | None = None, offset: int | None = None, days: int = 0) -> Any:
    return Received(
        event=LEDGER.entered(request_id=KEY, reference=reference_of(KEY), amount=amount, how=how),
        id=id or f"entry-{amount}",
        digest=f"{amount}{how}".encode(),
        topic=LEDGER.entries,
        key=str(KEY),
        target=str(KEY),
        partition=0,
        at=START + timedelta(days=days),
        position=Position(LEDGER.entries, 0, amount if offset is None else offset),
        correlation="-",
    )


def empty() -> Document[Account]:
    return Document(str(KEY))


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 8))
def test_any_split_into_batches_gives_the_same_document_and_the_same_events(amounts: list[int], size: int) -> None:
    records = [entry(amount) for amount in amounts]
    whole = LEDGER.accounts.fold(empty(), records).change
    document = empty()
    events: list[OutboxEntry] = []
    for start in range(0, len(records), size):
        step = LEDGER.accounts.fold(document, records[start : start + size]).change
        document, events = step.after, events + step.new_events
    assert document.state == whole.after.state
    assert document.inbox == whole.after.inbox
    assert events == whole.new_events


def test_a_repeated_record_is_a_duplicate_and_publishes_nothing() -> None:
    fold = LEDGER.accounts.fold(empty(), [entry(1), entry(1)])
    assert fold.outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(fold.change.new_events) == 1


def test_the_same_id_on_another_topic_is_another_record() -> None:
    first = entry(1)
    other = first._replace(topic="another.v1")
    assert LEDGER.accounts.fold(empty(), [first, other]).outcomes == [Outcome.APPLIED, Outcome.APPLIED]


def test_the_same_id_with_other_bytes_is_poison() -> None:
    with pytest.raises(Poison, match="id-reused"):
        LEDGER.accounts.fold(empty(), [entry(1), entry(2, id="entry-1")])


def test_records_beyond_the_inbox_limit_are_refused_and_not_stored() -> None:
    """The inbox keeps 500 entries of a topic. Further records are refused; a repeated one publishes the same event."""
    full = LEDGER.accounts.fold(empty(), [entry(amount) for amount in range(1, INBOX_MAX_PER_TOPIC + 1)]).change.after
    more = [entry(INBOX_MAX_PER_TOPIC + 1), entry(INBOX_MAX_PER_TOPIC + 2), entry(INBOX_MAX_PER_TOPIC + 1)]
    fold = LEDGER.accounts.fold(full, more)
    assert fold.outcomes == [Outcome.REFUSED] * 3
    assert fold.change.after.state == full.state
    assert fold.change.after.inbox == full.inbox
    first, second, again = fold.change.new_events
    assert first == again
    assert first.id != second.id
    assert LEDGER.accounts.fold(full, [entry(1)]).outcomes == [Outcome.DUPLICATE], (
        "entries in the inbox are still recognised"
    )
    later = LEDGER.accounts.fold(full, [entry(INBOX_MAX_PER_TOPIC + 3, days=36)])
    assert later.outcomes == [Outcome.APPLIED], "expired entries make room"


def test_a_full_inbox_takes_one_more_record_an_hour_after_the_latest() -> None:
    full = LEDGER.accounts.fold(empty(), [entry(amount) for amount in range(1, INBOX_MAX_PER_TOPIC + 1)]).change.after
    latest = full.inbox[-1].at
    early = entry(INBOX_MAX_PER_TOPIC + 1)._replace(at=latest + INBOX_REFILL - timedelta(seconds=1))
    repaired, next_one = (
        entry(INBOX_MAX_PER_TOPIC + number)._replace(at=latest + INBOX_REFILL + timedelta(minutes=number))
        for number in (2, 3)
    )
    fold = LEDGER.accounts.fold(full, [early, repaired, next_one])
    assert fold.outcomes == [Outcome.REFUSED, Outcome.APPLIED, Outcome.REFUSED]
    again = LEDGER.accounts.fold(fold.change.after, [early, repaired])
    assert again.outcomes == [Outcome.REFUSED, Outcome.DUPLICATE], "the same records get the same answers"


def test_the_inbox_limit_of_one_topic_does_not_affect_another() -> None:
    full = LEDGER.accounts.fold(empty(), [entry(amount) for amount in range(1, INBOX_MAX_PER_TOPIC + 1)]).change.after
    first = entry(INBOX_MAX_PER_TOPIC + 1)
    other = first._replace(topic="another.v1")
    assert LEDGER.accounts.fold(full, [other]).outcomes == [Outcome.APPLIED]


def test_a_refusal_has_the_outcome_refused() -> None:
    assert LEDGER.accounts.fold(empty(), [entry(1, "refusal")]).outcomes == [Outcome.REFUSED]


def test_records_behind_a_blocked_document_are_parked_in_order_and_once() -> None:
    blocked = Document[Account](str(KEY), version=1, blocked=(Parked(LEDGER.entries, 0, 100, START),))
    fold = LEDGER.accounts.fold(blocked, [entry(1), entry(2), entry(1)])
    assert [received.position.offset for received in fold.to_park] == [1, 2]
    assert [parked.offset for parked in fold.change.after.blocked] == [100, 1, 2]
    assert fold.change.after.state is None


def test_a_record_decided_before_its_document_was_blocked_is_a_duplicate_and_is_not_parked() -> None:
    decided = LEDGER.accounts.fold(empty(), [entry(1)]).change.after
    blocked = replace(decided, blocked=(Parked(LEDGER.entries, 0, 100, START),))
    fold = LEDGER.accounts.fold(blocked, [entry(1), entry(1, offset=200), entry(2)])
    assert fold.outcomes == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert [received.position.offset for received in fold.to_park] == [2]


def test_only_the_head_of_a_blocked_list_is_applied_and_an_empty_list_unblocks() -> None:
    blocked = Document[Account](
        str(KEY), version=1, blocked=(Parked(LEDGER.entries, 0, 1, START), Parked(LEDGER.entries, 0, 2, START))
    )
    early = LEDGER.accounts.fold(blocked, [entry(2)])
    assert early.outcomes == [Outcome.DUPLICATE]
    assert not early.change.dirty
    freed = LEDGER.accounts.fold(blocked, [entry(1), entry(2), entry(3)])
    assert freed.change.after.blocked == ()
    assert freed.change.after.state is not None
    assert freed.change.after.state.entries == (1, 2, 3)


def test_the_inbox_drops_only_entries_that_are_old_and_not_among_the_last_64() -> None:
    old = [entry(amount) for amount in range(100)]
    document = LEDGER.accounts.fold(empty(), old).change.after
    assert len(document.inbox) == 100
    later = LEDGER.accounts.fold(document, [entry(1000, days=36)]).change.after
    assert len(later.inbox) == INBOX_MIN
    assert later.inbox[-1].id.endswith("entry-1000")


def test_a_timer_is_derived_from_the_state_and_removed_once_fired() -> None:
    document = LEDGER.accounts.fold(empty(), [entry(1, "timer")]).change.after
    (due,) = document.due
    timer = LEDGER.accounts.timer(document, due)
    fired = LEDGER.accounts.fold(document, [timer, timer])
    assert fired.outcomes == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert fired.change.after.due == ()


def test_a_timer_that_stands_again_at_the_same_time_is_another_one() -> None:
    document = LEDGER.accounts.fold(empty(), [entry(1, "timer")]).change.after
    (due,) = document.due
    later = replace(document, version=document.version + 1)
    assert LEDGER.accounts.timer(document, due).id == LEDGER.accounts.timer(document, due).id
    assert LEDGER.accounts.timer(document, due).id != LEDGER.accounts.timer(later, due).id
