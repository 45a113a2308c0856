"""The pure half of the kernel: the same document and records give the same change, however they are cut."""

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
from services.common.messaging.handlers.aggregate import INBOX_LEAST, INBOX_MOST, Outcome
from services.common.store import Document, OutboxEntry, Parked
from tests.integration.kernel.ledger import Account, ledger

LEDGER = ledger("fold")
KEY = UUID(int=1)
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def entry(amount: int, how: str = "book", *, id: str | None = None, offset: int | None = None, days: int = 0) -> Any:
    place = amount if offset is None else offset
    return Received(
        event=LEDGER.entered(request_id=KEY, reference=reference_of(KEY), amount=amount, how=how),
        id=id or f"entry-{amount}",
        digest=f"{amount}{how}".encode(),
        topic=LEDGER.entries,
        key=str(KEY),
        target=str(KEY),
        partition=0,
        at=START + timedelta(days=days),
        position=Position(LEDGER.entries, 0, place),
        correlation="-",
    )


def empty() -> Document[Account]:
    return Document(str(KEY))


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 8))
def test_a_batch_cut_in_any_way_gives_the_same_document_and_the_same_events(amounts: list[int], cut: int) -> None:
    records = [entry(amount) for amount in amounts]
    whole = LEDGER.accounts.fold(empty(), records).change
    document = empty()
    said: list[OutboxEntry] = []
    for start in range(0, len(records), cut):
        step = LEDGER.accounts.fold(document, records[start : start + cut]).change
        document, said = step.after, said + step.said
    assert document.state == whole.after.state
    assert document.inbox == whole.after.inbox
    assert said == whole.said


def test_the_same_record_again_is_a_duplicate_and_says_nothing() -> None:
    fold = LEDGER.accounts.fold(empty(), [entry(1), entry(1)])
    assert fold.ends == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert len(fold.change.said) == 1


def test_the_same_id_on_another_topic_is_another_record() -> None:
    first = entry(1)
    other = first._replace(topic="another.v1")
    assert LEDGER.accounts.fold(empty(), [first, other]).ends == [Outcome.APPLIED, Outcome.APPLIED]


def test_the_same_id_with_other_bytes_is_poison() -> None:
    with pytest.raises(Poison, match="id-reused"):
        LEDGER.accounts.fold(empty(), [entry(1), entry(2, id="entry-1")])


def test_what_comes_too_often_is_refused_and_fills_nothing() -> None:
    """Five hundred are remembered; whatever comes on top is refused, again and again the same."""
    full = LEDGER.accounts.fold(empty(), [entry(amount) for amount in range(1, INBOX_MOST + 1)]).change.after
    more = [entry(INBOX_MOST + 1), entry(INBOX_MOST + 2), entry(INBOX_MOST + 1)]
    fold = LEDGER.accounts.fold(full, more)
    assert fold.ends == [Outcome.REFUSED] * 3
    assert fold.change.after.state == full.state
    assert fold.change.after.inbox == full.inbox
    first, second, again = fold.change.said
    assert first == again
    assert first.id != second.id
    assert LEDGER.accounts.fold(full, [entry(1)]).ends == [Outcome.DUPLICATE], "what is remembered still is"
    later = LEDGER.accounts.fold(full, [entry(INBOX_MOST + 3, days=36)])
    assert later.ends == [Outcome.APPLIED], "with time there is room again"


def test_one_topics_flood_leaves_room_for_another() -> None:
    full = LEDGER.accounts.fold(empty(), [entry(amount) for amount in range(1, INBOX_MOST + 1)]).change.after
    first = entry(INBOX_MOST + 1)
    other = first._replace(topic="another.v1")
    assert LEDGER.accounts.fold(full, [other]).ends == [Outcome.APPLIED]


def test_a_refusal_ends_refused() -> None:
    assert LEDGER.accounts.fold(empty(), [entry(1, "refusal")]).ends == [Outcome.REFUSED]


def test_records_behind_a_blocked_document_are_parked_in_order_and_once() -> None:
    blocked = Document[Account](str(KEY), version=1, blocked=(Parked(LEDGER.entries, 0, 100, START),))
    fold = LEDGER.accounts.fold(blocked, [entry(1), entry(2), entry(1)])
    assert [received.position.offset for received in fold.park] == [1, 2]
    assert [parked.offset for parked in fold.change.after.blocked] == [100, 1, 2]
    assert fold.change.after.state is None


def test_what_was_decided_before_its_document_was_blocked_is_a_duplicate_and_waits_for_nothing() -> None:
    taken = LEDGER.accounts.fold(empty(), [entry(1)]).change.after
    blocked = replace(taken, blocked=(Parked(LEDGER.entries, 0, 100, START),))
    fold = LEDGER.accounts.fold(blocked, [entry(1), entry(1, offset=200), entry(2)])
    assert fold.ends == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert [received.position.offset for received in fold.park] == [2]


def test_only_the_head_of_a_blocked_list_is_taken_and_an_empty_list_frees() -> None:
    blocked = Document[Account](
        str(KEY), version=1, blocked=(Parked(LEDGER.entries, 0, 1, START), Parked(LEDGER.entries, 0, 2, START))
    )
    early = LEDGER.accounts.fold(blocked, [entry(2)])
    assert early.ends == [Outcome.DUPLICATE]
    assert not early.change.dirty
    freed = LEDGER.accounts.fold(blocked, [entry(1), entry(2), entry(3)])
    assert freed.change.after.blocked == ()
    assert freed.change.after.state is not None
    assert freed.change.after.state.entries == (1, 2, 3)


def test_the_inbox_forgets_only_what_is_both_old_and_beyond_the_last_64() -> None:
    old = [entry(amount) for amount in range(100)]
    document = LEDGER.accounts.fold(empty(), old).change.after
    assert len(document.inbox) == 100
    later = LEDGER.accounts.fold(document, [entry(1000, days=36)]).change.after
    assert len(later.inbox) == INBOX_LEAST
    assert later.inbox[-1].id.endswith("entry-1000")


def test_a_timer_is_derived_from_the_state_and_gone_once_fired() -> None:
    document = LEDGER.accounts.fold(empty(), [entry(1, "timer")]).change.after
    (due,) = document.due
    timer = LEDGER.accounts.timer(document, due)
    fired = LEDGER.accounts.fold(document, [timer, timer])
    assert fired.ends == [Outcome.APPLIED, Outcome.DUPLICATE]
    assert fired.change.after.due == ()
