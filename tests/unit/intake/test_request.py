"""The decisions about a request, without a broker or database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.lifecycle import CommandRef
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.intake.domain import TRANSITIONS, Move, Request, request
from services.intake.domain.clock import end_of
from services.intake.domain.transitions import next_state
from services.intake.messages import (
    ActRefused,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    DocumentAccepted,
    FileAccepted,
    FileRefused,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    RequestSubmitted,
    State,
)
from tests.support.received import MONDAY, REQUEST, received

ASSIGNMENT, FILE = UUID(int=5), UUID(int=6)
NAMES: dict[str, Any] = {"request_id": REQUEST, "reference": reference_of(REQUEST), "occurred_at": MONDAY}
COMMANDS = {
    Move.ACKNOWLEDGE: AssignmentAcknowledged,
    Move.ANSWER: AssignmentAnswered,
    Move.RESOLVE: AssignmentResolved,
    Move.REJECT: AssignmentRejected,
}


def submitted(**other: Any) -> Any:
    event = RequestSubmitted(
        **{
            "request_id": REQUEST,
            "reference": reference_of(REQUEST),
            "account_id": UUID(int=1),
            "actor_id": UUID(int=1),
            "who": "P",
            "subject": "FAM-01",
            "reason": "NPG",
            "catalogue_version": 1,
            "description": "Não recebi o abono de abril.",
        }
        | other
    )
    return received(event, topic=topics.INTAKE)


def registered(state: State = State.REGISTERED, **other: Any) -> Request:
    first = request.register(None, submitted(), catalogue()).state
    assert first is not None
    return first.model_copy(update={"state": state, **other})


def command(move: Move, seen: int = 1) -> Any:
    event = COMMANDS[move](
        **NAMES,
        assignment_id=ASSIGNMENT,
        department="pf",
        epoch=1,
        seen=seen,
        command=CommandRef(id="c-1", topic=topics.outbox("pf"), partition=3, offset=9),
        **({} if move is Move.ACKNOWLEDGE else {"text": "Foi pago hoje."}),
    )
    return received(event, topic=topics.ASSIGNMENTS)


def assignment_made() -> AssignmentMade:
    rule = {"rule": "subject:FAM-01", "rules_version": "catalogue/1"}
    return AssignmentMade(**NAMES, assignment_id=ASSIGNMENT, department="pf", epoch=1, **rule)


def file_accepted() -> Any:
    event = FileAccepted(**NAMES, document_id=FILE, name="a.pdf", media_type="application/pdf", size=1, sha256="0")
    return received(event, topic=topics.DOCUMENTS)


def test_a_submission_is_registered_with_its_entry_date_and_due_date() -> None:
    decision = request.register(None, submitted(), catalogue())
    (fact,) = decision.events
    assert isinstance(fact, RequestRegistered)
    assert (fact.seq, fact.state) == (1, State.REGISTERED)
    assert (fact.entered_on, fact.due_on) == (date(2026, 1, 5), date(2026, 1, 19))
    assert fact.calendar.startswith("PT/")


def test_a_repeated_submission_is_registered_once() -> None:
    decision = request.register(registered(), submitted(), catalogue())
    assert decision.events == ()


def test_another_request_with_the_same_reference_is_poison() -> None:
    with pytest.raises(Poison, match="reference-taken"):
        request.register(registered(request_id=UUID(int=99)), submitted(), catalogue())


@pytest.mark.parametrize("leaf", [{"subject": "XYZ-99"}, {"reason": "DEN"}])
def test_an_unknown_subject_or_reason_is_poison(leaf: dict[str, str]) -> None:
    with pytest.raises(Poison, match="unknown-subject-or-reason"):
        request.register(None, submitted(**leaf), catalogue())


def test_resolving_publishes_the_answer_and_then_the_conclusion() -> None:
    decision = request.command(registered(), command(Move.RESOLVE), Move.RESOLVE)
    answered, concluded = decision.events
    assert isinstance(answered, RequestAnswered)
    assert isinstance(concluded, RequestConcluded)
    assert (answered.seq, answered.state) == (2, State.ANSWERED)
    assert (concluded.seq, concluded.state) == (3, State.CONCLUDED)
    assert (answered.concludes, answered.reply_until, concluded.lapsed) == (True, None, False)


def test_an_answer_without_the_persons_latest_file_is_stale_and_names_the_seq_to_catch_up_to() -> None:
    with_file = request.accept_file(registered(), file_accepted()).state
    assert with_file is not None
    decision = request.command(with_file, command(Move.RESOLVE, seen=1), Move.RESOLVE)
    (fact,) = decision.events
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.catch_up_to, fact.state) == ("stale", 2, State.REGISTERED)
    assert decision.refused
    assert not request.command(decision.state, command(Move.RESOLVE, seen=2), Move.RESOLVE).refused


@pytest.mark.parametrize("state", list(State))
def test_an_accepted_file_is_added_in_every_state(state: State) -> None:
    decision = request.accept_file(registered(state), file_accepted())
    (fact,) = decision.events
    assert isinstance(fact, DocumentAccepted)
    assert fact.state is state


def test_a_refused_file_is_published_and_need_not_be_seen_before_an_answer() -> None:
    refusal = received(FileRefused(**NAMES, document_id=FILE, because="not-claimed"), topic=topics.DOCUMENTS)
    current = request.refuse_file(registered(), refusal).state
    assert current is not None
    assert not request.command(current, command(Move.RESOLVE), Move.RESOLVE).refused


@given(st.sampled_from(sorted(COMMANDS)), st.sampled_from(list(State)))
def test_a_move_that_is_not_in_the_table_or_changes_nothing_is_refused_and_changes_only_seq(
    move: Move, state: State
) -> None:
    before = registered(state)
    decision = request.command(before, command(move), move)
    assert decision.state is not None
    if next_state(state, move) in (None, state):
        (fact,) = decision.events
        assert isinstance(fact, ActRefused)
        assert fact.code == ("not-allowed" if next_state(state, move) is None else "no-change")
        assert decision.state == before.model_copy(update={"seq": before.seq + 1})
    else:
        assert not decision.refused
        assert decision.state.state is next_state(state, move)


@given(st.lists(st.sampled_from(sorted(set(COMMANDS))), max_size=12))
def test_any_sequence_of_commands_numbers_facts_without_a_gap(moves: list[Move]) -> None:
    current: Request | None = registered()
    numbers = [1]
    for move in moves:
        decision = request.command(current, command(move), move)
        current = decision.state
        numbers += [fact.sequence or 0 for fact in decision.events]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_move_leaves_a_closed_state() -> None:
    for state in (State.CONCLUDED, State.REJECTED, State.WITHDRAWN):
        assert not [move for move in Move if next_state(state, move)]
    assert set(TRANSITIONS) == set(Move)


def test_an_event_about_an_unregistered_request_is_poison() -> None:
    with pytest.raises(Poison, match="unknown-request"):
        request.command(None, command(Move.ANSWER), Move.ANSWER)


def test_an_answered_request_concludes_after_ten_working_days() -> None:
    answered = request.command(registered(), command(Move.ANSWER), Move.ANSWER).state
    assert answered is not None
    (due,) = request.timers(answered)
    assert due.at.astimezone(UTC) == datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
    (fact,) = request.lapse(answered, due.at).events
    assert isinstance(fact, RequestConcluded)
    assert fact.lapsed
    assert request.timers(registered()) == ()


@pytest.mark.parametrize(
    ("answered_at", "last_day"),
    [
        (datetime(2026, 1, 5, 10, tzinfo=UTC), date(2026, 1, 19)),
        (datetime(2026, 3, 30, 22, 30, tzinfo=UTC), date(2026, 4, 14)),
        (datetime(2026, 3, 30, 23, 30, tzinfo=UTC), date(2026, 4, 15)),
        (datetime(2026, 12, 18, 9, tzinfo=UTC), date(2027, 1, 5)),
        (datetime(2026, 6, 6, 12, tzinfo=UTC), date(2026, 6, 22)),
    ],
)
def test_an_answer_says_until_which_day_the_person_may_reply(answered_at: datetime, last_day: date) -> None:
    """Ten working days by the calendar of Lisbon; the timer that concludes the request ends with that day."""
    late = command(Move.ANSWER)
    late = late._replace(event=late.event.model_copy(update={"occurred_at": answered_at}))
    decision = request.command(registered(), late, Move.ANSWER)
    (fact,) = decision.events
    assert isinstance(fact, RequestAnswered)
    assert (fact.reply_until, fact.concludes) == (last_day, False)
    assert decision.state is not None
    (due,) = request.timers(decision.state)
    assert due.at == end_of(last_day)


def test_a_request_stored_by_an_older_version_says_nothing_of_its_language_and_subject() -> None:
    stored = registered().model_dump(exclude={"language", "subject", "reason"})
    (fact,) = request.command(Request.model_validate(stored), command(Move.ANSWER), Move.ANSWER).events
    assert isinstance(fact, RequestAnswered)
    assert (fact.language, fact.subject, fact.reason) == (None, None, None)


def test_a_lapse_after_a_decision_does_nothing() -> None:
    assert request.lapse(registered(State.CONCLUDED), MONDAY + timedelta(days=30)).events == ()


def test_an_assignment_of_a_withdrawn_request_is_refused_and_publishes_nothing() -> None:
    before = registered(State.WITHDRAWN)
    decision = request.route(before, received(assignment_made(), topic=topics.ASSIGNMENTS))
    assert (decision.state, decision.events, decision.refused) == (before, (), True)


def test_routing_records_the_department_and_keeps_the_state() -> None:
    decision = request.route(registered(), received(assignment_made(), topic=topics.ASSIGNMENTS))
    assert decision.state is not None
    assert (decision.state.state, decision.state.department) == (State.REGISTERED, "pf")
