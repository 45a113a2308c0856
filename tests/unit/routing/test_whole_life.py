"""What departments are told over the whole life of a request: asked documents, hearings, transfers, terms, reopenings."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import pytest

from services.common.contracts import topics
from services.common.contracts.asked import ItemDelivery, ItemState
from services.common.contracts.commands import (
    Acknowledge,
    Answer,
    Extend,
    Hear,
    Reject,
    RequestInformation,
    Resolve,
    Transfer,
)
from services.common.contracts.departments import (
    AssignmentClosed,
    AssignmentCreated,
    AssignmentReminder,
    AssignmentUpdated,
    CommandRejected,
)
from services.common.contracts.handling import (
    DeadlineMoved,
    DocumentsReceived,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.lifecycle import (
    LifecycleFact,
    RequestConcluded,
    RequestInAnalysis,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from services.common.store import Document
from services.intake.domain.transitions import TRANSITIONS, Move
from services.routing.domain import Assignment
from services.routing.handlers import assignments
from tests.support.received import received
from tests.unit.departments.exchange import Exchange

FILES: Final = tuple(UUID(int=number) for number in (11, 12))
DD: Final = topics.outbox("dd")


def deliver(exchange: Exchange, *numbers: int) -> None:
    """Deliver one file for each of these items, and accept it."""
    items = [ItemDelivery(item=number, documents=(FILES[number - 1],)) for number in numbers]
    exchange.write(*(file for item in items for file in item.documents), items=items)
    for item in items:
        exchange.accept(item.documents[0])


def until(exchange: Exchange, kind: type[LifecycleFact]) -> None:
    """Time passes until this fact is said."""
    while not isinstance(exchange.facts[-1], kind):
        assert exchange.pass_time()


def say(exchange: Exchange, kind: type[Any], **fields: Any) -> None:
    exchange.command(kind, f"pf/{len(exchange.facts)}/{kind.__name__}", **fields)


MOVES: Final[Mapping[Move, list[Callable[[Exchange], Any]]]] = {
    Move.ACKNOWLEDGE: [lambda e: say(e, Acknowledge)],
    Move.REQUEST_INFORMATION: [lambda e: say(e, RequestInformation)],
    Move.REMIND: [lambda e: say(e, RequestInformation), Exchange.pass_time],
    Move.LAPSE_DOCUMENTS: [lambda e: say(e, RequestInformation), Exchange.pass_time, Exchange.pass_time],
    Move.HEAR: [lambda e: say(e, Hear)],
    Move.CLOSE_HEARING: [lambda e: say(e, Hear), Exchange.write],
    Move.LAPSE_HEARING: [lambda e: say(e, Hear), Exchange.pass_time],
    Move.TRANSFER: [lambda e: say(e, Transfer)],
    Move.EXTEND: [lambda e: say(e, Extend)],
    Move.WARN: [Exchange.pass_time],
    Move.MISS: [Exchange.pass_time, Exchange.pass_time, Exchange.pass_time, Exchange.pass_time],
    Move.ANSWER: [lambda e: say(e, Answer)],
    Move.RESOLVE: [lambda e: say(e, Resolve)],
    Move.REJECT: [lambda e: say(e, Reject)],
    Move.ADD_MESSAGE: [Exchange.write],
    Move.REOPEN: [lambda e: say(e, Resolve), Exchange.write],
    Move.WITHDRAW: [Exchange.withdraw],
    Move.RATE: [lambda e: say(e, Resolve), Exchange.rate],
    Move.LAPSE: [lambda e: say(e, Answer), Exchange.pass_time],
}
"""Steps of which the last one is the move."""


@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_told_to_departments_as_the_table_says(move: Move) -> None:
    exchange = Exchange()
    *before, last = MOVES[move]
    for step in before:
        step(exchange)
    told, said = len(exchange.inbox), len(exchange.facts)
    last(exchange)
    assert {type(fact) for fact in exchange.facts[said:]} == set(TRANSITIONS[move].facts)
    kinds = [event.TYPE.removeprefix("pt.postigo.").removesuffix(".v1") for event in exchange.inbox[told:]]
    once = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    assert once == list(TRANSITIONS[move].inbox)


def test_every_move_that_is_told_is_here() -> None:
    with_facts_of_others = {Move.REGISTER, Move.ROUTE, Move.RECEIVE_DOCUMENTS}
    assert set(Move) - set(MOVES) == with_facts_of_others


def test_asked_documents_are_shown_with_their_state_until_the_last_one_is_in() -> None:
    exchange = Exchange()
    say(exchange, RequestInformation)
    assert exchange.latest.deliver_until is not None
    assert exchange.latest.deadline is not None
    assert exchange.latest.deadline.suspensions[0].until is None
    deliver(exchange, 1)
    assert [item.state for item in exchange.latest.asked] == [ItemState.RECEIVED, ItemState.OPEN]
    deliver(exchange, 2)
    latest = exchange.latest
    assert [item.state for item in latest.asked] == [ItemState.RECEIVED, ItemState.RECEIVED]
    assert [item.documents for item in latest.asked] == [(file,) for file in FILES]
    assert (latest.state, latest.epoch, latest.deliver_until) == (State.IN_ANALYSIS, 2, None)
    assert latest.due_on == latest.deadline.due_on  # type: ignore[union-attr]


def test_a_hearing_is_shown_until_it_closes() -> None:
    exchange = Exchange()
    say(exchange, Hear)
    assert exchange.latest.hearing_until is not None
    exchange.write()
    message, closed = exchange.inbox[-2:]
    assert (message.hearing_until, closed.hearing_until) == (exchange.inbox[-3].hearing_until, None)


def test_a_transfer_closes_the_case_here_and_opens_it_there_with_everything_that_is_known() -> None:
    exchange = Exchange()
    deliver(exchange)
    say(exchange, RequestInformation)
    say(exchange, Transfer, to="dd")
    closed, created = exchange.inbox[-2:]
    assert isinstance(closed, AssignmentClosed)
    assert isinstance(created, AssignmentCreated)
    assert (closed.department, closed.transferred_to, closed.state) == ("pf", "dd", State.AWAITING_DOCUMENTS)
    assert closed.because == created.because == exchange.facts[-1].command_id
    assert (created.department, created.epoch, created.hops, created.number) == ("dd", 2, 1, closed.number + 1)
    assert created.assignment_id != closed.assignment_id
    own = {"department", "assignment_id", "epoch", "number", "hops", "transferred_to"}
    assert created.model_dump(exclude=own) == closed.model_dump(exclude=own)
    assert exchange.alarms == []


def test_after_a_transfer_the_former_department_has_no_say() -> None:
    exchange = Exchange()
    mine = exchange.latest
    say(exchange, Transfer, to="dd")
    seen: dict[str, Any] = {"assignment_id": mine.assignment_id, "epoch": mine.epoch, "seen": mine.as_of}
    exchange.command(Resolve, "late", **seen)
    exchange.command(Resolve, "guessed")
    assert [each.code for each in exchange.rejections] == ["wrong-department", "wrong-department"]
    assert exchange.latest.state is State.REGISTERED


def test_a_case_that_comes_back_has_another_assignment_and_old_commands_are_out_of_date() -> None:
    exchange = Exchange()
    first = exchange.latest
    say(exchange, Transfer, to="dd")
    exchange.command(Transfer, "dd/1/transfer", DD, to="pf")
    back = exchange.latest
    assert isinstance(back, AssignmentCreated)
    assert (back.department, back.epoch, back.hops) == ("pf", 3, 2)
    exchange.command(Resolve, "late", assignment_id=first.assignment_id, epoch=first.epoch)
    assert exchange.rejections[-1].code == "old-epoch"
    ids = {event.assignment_id for event in exchange.inbox if isinstance(event, AssignmentCreated)}
    assert len(ids) == 3
    exchange.command(Resolve, "now")
    assert exchange.latest.state is State.CONCLUDED


def test_screening_is_told_of_a_request_that_was_transferred_twice_and_each_time_after() -> None:
    exchange = Exchange()
    route = ("pf", "dd", "tri", "pf")
    for number, (sender, to) in enumerate(pairwise(route)):
        exchange.command(Transfer, f"{sender}/{number}/transfer", topics.outbox(sender), to=to)
    assert [(alarm.department, alarm.hops, alarm.held_by) for alarm in exchange.alarms] == [
        ("tri", 2, "tri"),
        ("tri", 3, "pf"),
    ]
    assert exchange.alarms[0].topic == topics.inbox("tri")


def test_a_command_that_was_sent_with_the_transfer_is_rejected_to_its_sender() -> None:
    exchange = Exchange()
    exchange.held = {topics.LIFECYCLE}
    exchange.command(Transfer, "pf/1/transfer", to="dd")
    exchange.command(Resolve, "pf/1/resolve")
    exchange.release()
    (rejected,) = exchange.rejections
    assert (rejected.command_id, rejected.code, rejected.department) == ("pf/1/resolve", "old-epoch", "pf")
    assert [event.because for event in exchange.inboxes["pf"]][-1] == "pf/1/transfer"


def test_a_rejection_that_crosses_a_reply_is_stale() -> None:
    exchange = Exchange()
    exchange.held = {topics.ASSIGNMENTS}
    exchange.command(Reject, "pf/1/reject")
    exchange.write()
    exchange.release()
    assert [each.code for each in exchange.rejections] == ["stale"]
    assert exchange.latest.state is State.REGISTERED


@pytest.mark.parametrize(("decision", "kind"), [(Resolve, AssignmentCreated), (Answer, AssignmentUpdated)])
def test_a_request_that_its_author_comes_back_on_is_told_whole(decision: Any, kind: Any) -> None:
    exchange = Exchange()
    say(exchange, decision)
    assert exchange.latest.reply_until is not None
    exchange.rate()
    exchange.write(FILES[0])
    reopened, written = exchange.inbox[-2:]
    assert type(reopened) is kind
    assert (reopened.state, reopened.epoch, reopened.reply_until) == (State.IN_ANALYSIS, 2, None)
    assert reopened.assignment_id == exchange.inbox[0].assignment_id
    assert isinstance(written, AssignmentUpdated)
    assert [message.documents for message in written.messages] == [(FILES[0],)]
    say(exchange, Resolve)
    assert exchange.latest.state is State.CONCLUDED


def test_a_file_that_was_checked_after_the_end_is_known_when_the_request_is_reopened() -> None:
    exchange = Exchange()
    exchange.write(FILES[0])
    say(exchange, Resolve)
    exchange.accept(FILES[0])
    assert isinstance(exchange.latest, AssignmentClosed)
    exchange.reopen()
    assert [file.check for file in exchange.latest.files] == ["accepted"]
    assert exchange.latest.as_of == exchange.facts[-1].seq


def test_a_department_is_reminded_before_and_after_the_end_of_the_term() -> None:
    exchange = Exchange()
    for _ in range(4):
        exchange.pass_time()
    reminders = [event for event in exchange.inbox if isinstance(event, AssignmentReminder)]
    assert [(each.working_days_left, each.overdue) for each in reminders] == [
        (5, False),
        (3, False),
        (1, False),
        (0, True),
    ]


# Facts by themselves: late ones, and those about what an older version stored.


def assigned() -> Document[Assignment]:
    return Exchange().assignment


def fact(kind: type[Any], seq: int, state: State = State.IN_ANALYSIS, **fields: Any) -> Any:
    first = assigned().state
    assert first is not None
    names = {"request_id": first.request_id, "reference": first.reference, "occurred_at": "2026-01-05T09:00:00Z"}
    event = kind(**names, account_id=UUID(int=1), seq=seq, state=state, **fields)
    return received(event, topic=topics.LIFECYCLE)


def told(document: Document[Assignment], *records: Any) -> tuple[Assignment, list[str]]:
    """The assignment after these facts, and the types of the inbox events."""
    change = assignments.fold(document, records).change
    assert change.after.state is not None
    return change.after.state, [entry.headers["ce_type"].split(".")[-2] for entry in change.new_events]


ASK: Final[dict[str, Any]] = {"department": "pf", "items": (1,), "deliver_until": "2026-02-02"}
HEARING: Final[dict[str, Any]] = {"department": "pf", "text": "?", "answer_until": "2026-02-02"}


def term(due_on: str) -> dict[str, Any]:
    own = {"entered_on": "2026-01-05", "term": "INF10", "length": 10, "unit": "working_days", "calendar": "PT/1"}
    return own | {"due_on": due_on}


def test_a_redriven_fact_brings_back_no_older_term_items_or_hearing() -> None:
    newer, older = term("2026-03-03"), term("2026-02-02")
    opened = fact(HearingOpened, 4, **HEARING, answer_term=older, deadline=older, asked=())
    after, _ = told(
        assigned(),
        fact(HearingClosed, 5, answered=False, epoch=3, deadline=newer),
        fact(RequestInAnalysis, 6, department="pf"),
        opened,
    )
    assert (str(after.due_on), after.hearing_until, after.epoch, after.as_of) == ("2026-03-03", None, 3, 6)


def test_a_redriven_fact_is_taken_where_nothing_newer_says_the_same() -> None:
    ask = fact(DocumentsRequested, 4, State.AWAITING_DOCUMENTS, **ASK, deliver_term=term("2026-02-02"))
    message = fact(DeadlineMoved, 5, State.AWAITING_DOCUMENTS, deadline=term("2026-03-03"))
    after, _ = told(assigned(), message, ask)
    assert (str(after.deliver_until), str(after.due_on)) == ("2026-02-02", "2026-03-03")
    late, _ = told(assigned(), fact(DocumentsReceived, 6), ask)
    assert (late.state, late.deliver_until) == (State.IN_ANALYSIS, None)


def test_a_redriven_end_does_not_close_what_was_reopened_since_and_a_missing_one_is_told_by_the_next_fact() -> None:
    reopened = fact(RequestReopened, 7, act_id="a-1", epoch=2)
    _, kinds = told(assigned(), reopened, fact(RequestConcluded, 6, State.CONCLUDED))
    assert kinds == ["updated", "updated"]
    closed, kinds = told(
        assigned(), fact(RequestConcluded, 6, State.CONCLUDED), fact(RequestInAnalysis, 8, department="pf")
    )
    assert (kinds, closed.closed) == (["closed", "created"], False)


def test_a_redriven_transfer_moves_the_case_unless_a_later_one_did() -> None:
    first = fact(RequestForwarded, 4, department="dd", from_department="pf", text="?", hops=1, epoch=2)
    second = fact(RequestForwarded, 6, department="tri", from_department="dd", text="?", hops=2, epoch=3)
    moved, kinds = told(assigned(), fact(RequestInAnalysis, 5, department="dd", epoch=2), first)
    assert (moved.choice.department, kinds) == ("dd", ["updated", "closed", "created"])
    kept, kinds = told(assigned(), second, first)
    assert (kept.choice.department, kept.hops, kept.epoch) == ("tri", 2, 3)
    assert kinds == ["closed", "created", "transferred-often", "updated"]


def test_a_transfer_of_a_request_that_was_withdrawn_since_is_not_told() -> None:
    withdrawn = fact(RequestWithdrawn, 5, State.WITHDRAWN, act_id="a-1")
    forwarded = fact(RequestForwarded, 4, department="dd", from_department="pf", text="?", hops=1, epoch=2)
    after, kinds = told(assigned(), withdrawn, forwarded)
    assert (kinds, after.closed) == (["withdrawn", "closed"], True)


@pytest.mark.parametrize(("deadline", "kinds"), [(None, []), (term("2026-03-03"), ["updated"])])
def test_routing_is_told_to_the_department_only_if_it_moves_the_term(deadline: Any, kinds: list[str]) -> None:
    routed: dict[str, Any] = {"department": "pf", "assignment_id": UUID(int=1), "rule": "subject:FAM-01", "epoch": 1}
    assert told(assigned(), fact(RequestRouted, 2, deadline=deadline, **routed))[1] == kinds


NEWER: Final = (
    *("deadline", "asked", "deliver_until", "hearing_until", "reply_until", "overdue", "hops", "place", "flags"),
    *("linked", "set_by"),
)


def test_an_assignment_that_an_older_version_stored_lives_on() -> None:
    exchange = Exchange()
    current = exchange.assignment.state
    assert current is not None
    old = {name: value for name, value in current.model_dump().items() if name not in NEWER}
    exchange.assignment.state = Assignment.model_validate(old)
    say(exchange, Acknowledge)
    assert (exchange.latest.deadline, exchange.latest.asked, exchange.latest.epoch) == (None, (), 1)
    say(exchange, RequestInformation)
    deliver(exchange, 1, 2)
    exchange.command(Transfer, "pf/9/transfer", to="dd")
    exchange.command(Resolve, "dd/9/resolve", DD)
    exchange.reopen()
    assert isinstance(exchange.latest, AssignmentCreated)
    assert (exchange.latest.department, exchange.latest.epoch) == ("dd", 4)


def test_facts_of_older_writers_without_an_epoch_keep_it() -> None:
    after, _ = told(assigned(), fact(RequestInAnalysis, 3, department="pf"))
    assert after.epoch == 1


def test_the_codes_of_intake_reach_the_department_with_a_sentence_of_their_own() -> None:
    exchange = Exchange()
    say(exchange, Hear)
    say(exchange, Answer)
    (rejected,) = exchange.rejections
    assert isinstance(rejected, CommandRejected)
    assert rejected.detail == "The person is being heard. Wait until `hearing_until` is `null`."
