"""Asked documents: delivered together or one by one, refused, in the wrong format, late, not at all, or unasked."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.contracts.asked import MAX_ASKED, ItemState, NewItem
from services.common.legal_clock import end_of
from services.intake.domain import Move
from services.intake.messages import (
    DocumentAccepted,
    DocumentRefused,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    MessageAdded,
    State,
)
from tests.unit.intake.builders import IBAN
from tests.unit.intake.life import Life, kinds

A, B, C = (UUID(int=number) for number in (101, 102, 103))
PHOTO = NewItem(what="Fotografia", why="Para o cartão.", formats=("image/png", "image/jpeg"))
OPEN, CHECKING, RECEIVED, LAPSED, DROPPED = list(ItemState)[:5]


def asked(*items: NewItem) -> Life:
    life = Life()
    life.ask(*items or (IBAN, PHOTO))
    return life


def test_an_ask_numbers_its_items_and_says_by_when_and_that_the_term_stands_still() -> None:
    life = Life()
    (fact,) = life.ask(IBAN, PHOTO)
    assert isinstance(fact, DocumentsRequested)
    assert (fact.items, fact.deliver_until, fact.deliver_term.term) == ((1, 2), date(2026, 1, 19), "DOC10")
    assert [(item.what, item.number, item.state) for item in fact.asked or ()] == [
        (IBAN.what, 1, OPEN),
        (PHOTO.what, 2, OPEN),
    ]
    assert fact.deadline is not None
    assert fact.deadline.suspended_since == date(2026, 1, 5)
    assert [each.kind for each in life.document.due] == ["documents-reminder", "documents-lapsed"]


def test_documents_that_are_delivered_together_return_the_request_to_analysis() -> None:
    life = asked()
    (message,) = life.deliver((1, [A]), (2, [B]))
    assert isinstance(message, MessageAdded)
    assert message.state is State.AWAITING_DOCUMENTS
    assert life.item_states() == [CHECKING, CHECKING]
    assert kinds(life.accept(A)) == [DocumentAccepted]
    last, returned = life.accept(B, "image/png")
    assert isinstance(last, DocumentAccepted)
    assert (last.item, last.fits, last.state) == (2, True, State.AWAITING_DOCUMENTS)
    assert isinstance(returned, DocumentsReceived)
    assert (returned.state, returned.epoch) == (State.IN_ANALYSIS, 2)
    assert life.item_states() == [RECEIVED, RECEIVED]


def test_documents_that_are_delivered_one_by_one_return_it_with_the_last() -> None:
    life = asked()
    life.deliver((2, [B]))
    life.accept(B, "image/png")
    assert life.item_states() == [OPEN, RECEIVED]
    assert life.request.state is State.AWAITING_DOCUMENTS
    life.deliver((1, [A]))
    assert kinds(life.accept(A)) == [DocumentAccepted, DocumentsReceived]


@given(st.permutations([(1, A, True), (1, B, False), (2, C, True), (3, A, True)]), st.integers(1, 4))
def test_any_order_and_any_split_of_deliveries_and_checks_returns_it_once(
    files: list[tuple[int, UUID, bool]], size: int
) -> None:
    """One file is for two items, one item gets two files, and one file is refused."""
    life = asked(IBAN, IBAN, IBAN)
    for start in range(0, len(files), size):
        life.deliver(*((item, [file]) for item, file, _ in files[start : start + size]))
    for file, accepted in dict.fromkeys((file, accepted) for _, file, accepted in files):
        assert life.request.state is State.AWAITING_DOCUMENTS
        life.accept(file) if accepted else life.refuse(file)
    assert (life.request.state, life.request.epoch) == (State.IN_ANALYSIS, 2)
    assert kinds(life.facts).count(DocumentsReceived) == 1
    assert life.item_states() == [RECEIVED] * 3


def test_an_item_with_two_files_waits_for_both_checks() -> None:
    life = asked(IBAN)
    life.deliver((1, [A, B]))
    assert kinds(life.accept(A)) == [DocumentAccepted]
    assert life.item_states() == [CHECKING]
    assert kinds(life.accept(B)) == [DocumentAccepted, DocumentsReceived]


@pytest.mark.parametrize("first", [True, False])
def test_an_item_with_one_good_and_one_refused_file_is_received(first: bool) -> None:
    """Whichever check ends last: nothing else would return the request to analysis."""
    life = asked(IBAN)
    life.deliver((1, [A, B]))
    last = [life.refuse(B), life.accept(A)][-1] if first else [life.accept(A), life.refuse(B)][-1]
    assert kinds(last) == [DocumentAccepted if first else DocumentRefused, DocumentsReceived]
    assert [item.documents for item in life.request.asked] == [(A,)]


def test_two_deliveries_of_one_message_for_one_item_both_count() -> None:
    life = asked(IBAN)
    life.deliver((1, [A]), (1, [B]))
    assert [item.documents for item in life.request.asked] == [(A, B)]


def test_a_refused_file_leaves_its_item_open_and_its_term_running() -> None:
    life = asked(IBAN)
    due = life.document.due
    life.deliver((1, [A]))
    assert life.document.due == ()
    (fact,) = life.refuse(A)
    assert isinstance(fact, DocumentRefused)
    assert (fact.item, fact.state, life.item_states()) == (1, State.AWAITING_DOCUMENTS, [OPEN])
    assert life.document.due == due
    life.deliver((1, [B]))
    assert kinds(life.accept(B)) == [DocumentAccepted, DocumentsReceived]


def test_a_file_in_a_format_that_was_not_asked_is_kept_and_its_item_stays_open() -> None:
    life = asked(PHOTO)
    life.deliver((1, [A]))
    (fact,) = life.accept(A, "application/pdf")
    assert isinstance(fact, DocumentAccepted)
    assert (fact.item, fact.fits, life.item_states()) == (1, False, [OPEN])
    assert life.request.person_seq == fact.seq
    assert life.request.state is State.AWAITING_DOCUMENTS


def test_each_item_of_a_shared_file_accepts_its_own_formats() -> None:
    life = asked(IBAN, PHOTO)
    life.deliver((1, [A]), (2, [A]))
    life.accept(A, "application/pdf")
    assert life.item_states() == [RECEIVED, OPEN]


def test_a_file_that_is_delivered_again_for_another_item_is_checked_for_that_one() -> None:
    life = Life()
    life.ask(IBAN, IBAN)
    life.deliver((1, [A]))
    life.accept(A)
    life.deliver((2, [A]))
    accepted = life.accept(A)[0]
    assert isinstance(accepted, DocumentAccepted)
    assert accepted.item == 2


def test_a_message_without_items_is_no_delivery() -> None:
    life = asked(IBAN)
    life.write(documents=(A,))
    assert kinds(life.accept(A)) == [DocumentAccepted]
    assert (life.request.state, life.item_states()) == (State.AWAITING_DOCUMENTS, [OPEN])


def test_a_file_for_an_item_that_is_not_waited_for_comes_unasked() -> None:
    life = asked(IBAN, PHOTO)
    life.deliver((1, [A]))
    life.accept(A)
    for number in (1, 9):
        life.deliver((number, [C]))
        (fact,) = life.accept(C)
        assert isinstance(fact, DocumentAccepted)
        assert (fact.item, life.item_states()) == (None, [RECEIVED, OPEN])


def test_a_file_that_the_message_does_not_bring_is_not_delivered() -> None:
    life = asked(IBAN)
    delivery = {"item": 1, "documents": (A,)}
    life.write(documents=(B,), items=(delivery,))
    assert life.item_states() == [OPEN]


def test_a_document_that_comes_unasked_in_analysis_changes_no_item() -> None:
    life = Life()
    life.deliver((1, [A]))
    assert kinds(life.accept(A)) == [DocumentAccepted]
    assert (life.request.state, life.request.asked) == (State.REGISTERED, ())


def test_the_reminder_leaves_two_working_days_before_and_once() -> None:
    life = asked(IBAN)
    assert life.live_until(date(2026, 1, 14)) == []
    (fact,) = life.live_until(date(2026, 1, 16))
    assert isinstance(fact, DocumentsReminded)
    assert (fact.deliver_until, fact.occurred_at.date()) == (date(2026, 1, 19), date(2026, 1, 15))
    assert [item.state for item in fact.asked or ()] == [OPEN]


def test_no_reminder_leaves_while_everything_is_delivered() -> None:
    life = asked(IBAN)
    life.deliver((1, [A]))
    assert life.live_until(date(2026, 2, 20)) == []
    assert life.request.state is State.AWAITING_DOCUMENTS


def test_documents_that_do_not_come_lapse_and_the_request_goes_on_without_them() -> None:
    life = asked(IBAN, PHOTO)
    life.deliver((1, [A]))
    life.accept(A)
    reminded, lapsed = life.live_until(date(2026, 1, 20))
    assert isinstance(reminded, DocumentsReminded)
    assert isinstance(lapsed, DocumentsLapsed)
    assert (lapsed.state, lapsed.epoch, lapsed.deliver_until) == (State.IN_ANALYSIS, 2, date(2026, 1, 19))
    assert life.item_states() == [RECEIVED, LAPSED]
    assert lapsed.occurred_at == end_of(date(2026, 1, 19))


def test_a_lapsed_document_may_still_come_unasked() -> None:
    life = asked(IBAN)
    life.live_until(date(2026, 1, 20))
    life.deliver((1, [A]))
    assert kinds(life.accept(A)) == [DocumentAccepted]
    assert (life.item_states(), life.request.epoch) == ([LAPSED], 2)


@pytest.mark.parametrize("delivered_first", [True, False])
def test_the_last_document_against_the_lapse_ends_in_analysis_once(delivered_first: bool) -> None:
    """The timer and the delivery meet in one batch: whichever is decided first counts, and the other changes no state."""
    life = asked(IBAN)
    lapse = life.document.due[-1]
    life.now = lapse.at - timedelta(minutes=2)
    if delivered_first:
        life.deliver((1, [A]))
        assert life.fire(lapse.kind, lapse.at) == []
    else:
        life.fire(lapse.kind, lapse.at)
        life.deliver((1, [A]))
    life.accept(A)
    assert (life.request.state, life.request.epoch) == (State.IN_ANALYSIS, 2)
    returns = [kind for kind in kinds(life.facts) if kind in (DocumentsReceived, DocumentsLapsed)]
    assert returns == [DocumentsReceived if delivered_first else DocumentsLapsed]
    assert life.item_states() == [RECEIVED if delivered_first else LAPSED]


def test_the_lapse_waits_for_the_check_of_what_came_in_time() -> None:
    life = asked(IBAN)
    life.deliver((1, [A]))
    assert life.live_until(date(2026, 1, 30)) == []
    life.refuse(A)
    assert DocumentsLapsed in kinds(life.wake(life.now))
    assert life.item_states() == [LAPSED]


@pytest.mark.parametrize("move", [Move.ANSWER, Move.RESOLVE, Move.REJECT])
def test_a_decision_drops_what_was_not_delivered_and_a_later_refusal_reopens_no_item(move: Move) -> None:
    life = asked(IBAN, IBAN)
    life.deliver((2, [A]))
    fact = life.command(move)[0]
    assert [item.state for item in fact.asked or ()] == [DROPPED, CHECKING]
    life.refuse(A)
    assert life.item_states() == [DROPPED, DROPPED]


@pytest.mark.parametrize("move", [Move.ANSWER, Move.RESOLVE, Move.REJECT])
def test_a_decision_ends_the_suspension_that_day(move: Move) -> None:
    life = asked(IBAN)
    life.live_until(date(2026, 1, 7))
    fact = life.command(move)[0]
    assert fact.deadline is not None
    assert [each.until for each in fact.deadline.suspensions] == [date(2026, 1, 7)]
    assert fact.deadline.due_on == life.request.due_on == date(2026, 1, 21)


def test_a_refusal_after_the_lapse_reopens_no_item() -> None:
    life = asked(IBAN, IBAN)
    life.deliver((2, [A]))
    life.live_until(date(2026, 1, 20))
    assert life.item_states() == [LAPSED, CHECKING]
    life.refuse(A)
    assert (life.item_states(), life.request.state) == ([LAPSED, LAPSED], State.IN_ANALYSIS)


def test_a_withdrawal_drops_what_was_asked() -> None:
    life = asked(IBAN)
    (fact,) = life.withdraw()
    assert [item.state for item in fact.asked or ()] == [DROPPED]
    assert life.document.due == ()


def test_a_second_ask_counts_on_and_waits_for_its_own_items_alone() -> None:
    life = asked(IBAN)
    life.live_until(date(2026, 1, 20))
    (fact,) = life.ask(PHOTO)
    assert isinstance(fact, DocumentsRequested)
    assert (fact.items, fact.epoch) == ((2,), 2)
    life.deliver((2, [B]))
    assert kinds(life.accept(B, "image/png")) == [DocumentAccepted, DocumentsReceived]
    assert (life.item_states(), life.request.epoch) == ([LAPSED, RECEIVED], 3)


def test_more_than_fifty_items_are_refused() -> None:
    life = Life()
    for start in range(0, MAX_ASKED, 10):
        life.ask(*[IBAN] * 10)
        life.deliver(*((number, [A]) for number in range(start + 1, start + 11)))
        life.accept(A)
    (fact,) = life.ask()
    assert (fact.TYPE, getattr(fact, "code", None)) == ("pt.postigo.request.act-refused.v1", "too-many-items")


def test_a_command_that_was_made_before_the_documents_came_is_refused() -> None:
    life = asked(IBAN)
    life.deliver((1, [A]))
    life.accept(A)
    (fact,) = life.command(Move.RESOLVE, epoch=1)
    assert getattr(fact, "code", None) == "old-epoch"
    assert life.command(Move.RESOLVE)[0].state is State.ANSWERED
