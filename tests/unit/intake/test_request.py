"""The decisions about a request, without a broker or database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.catalogue import catalogue
from services.common.domain.decision import Decision
from services.common.domain.errors import Poison
from services.common.legal_clock import Calendar, end_of
from services.intake.domain import Move, Request, commands, request, timers
from services.intake.messages import (
    ActRefused,
    DocumentAccepted,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    State,
)
from tests.support.received import MONDAY
from tests.unit.intake.builders import (
    COMMANDS,
    assignment_made,
    command,
    file_accepted,
    file_refused,
    registered,
    submitted,
    terms_of,
)


def register(current: Request | None, record: Any) -> Decision[Request]:
    return request.register(current, record, catalogue(), Calendar.of_public_holidays())


def commands_it(current: Request | None, move: Move, seen: int = 1, **other: Any) -> Decision[Request]:
    return commands.command(current, command(move, seen=seen, **other), move, terms_of(registered()))


def test_a_submission_is_registered_with_its_entry_date_and_due_date() -> None:
    decision = register(None, submitted())
    (fact,) = decision.events
    assert isinstance(fact, RequestRegistered)
    assert (fact.seq, fact.state) == (1, State.REGISTERED)
    assert (fact.entered_on, fact.due_on) == (date(2026, 1, 5), date(2026, 1, 19))
    assert fact.calendar.startswith("PT/")


def test_a_repeated_submission_is_registered_once() -> None:
    decision = register(registered(), submitted())
    assert decision.events == ()


def test_another_request_with_the_same_reference_is_poison() -> None:
    with pytest.raises(Poison, match="reference-taken"):
        register(registered(request_id=UUID(int=99)), submitted())


@pytest.mark.parametrize("leaf", [{"subject": "XYZ-99"}, {"reason": "DEN"}])
def test_an_unknown_subject_or_reason_is_poison(leaf: dict[str, str]) -> None:
    with pytest.raises(Poison, match="unknown-subject-or-reason"):
        register(None, submitted(**leaf))


def test_resolving_publishes_the_answer_and_then_the_conclusion() -> None:
    decision = commands_it(registered(), Move.RESOLVE)
    answered, concluded = decision.events
    assert isinstance(answered, RequestAnswered)
    assert isinstance(concluded, RequestConcluded)
    assert (answered.seq, answered.state) == (2, State.ANSWERED)
    assert (concluded.seq, concluded.state) == (3, State.CONCLUDED)
    assert (answered.concludes, answered.reply_until, concluded.lapsed) == (True, date(2026, 1, 19), False)


def test_an_answer_without_the_persons_latest_file_is_stale_and_names_the_seq_to_catch_up_to() -> None:
    with_file = request.accept_file(registered(), file_accepted(), terms_of(registered())).state
    assert with_file is not None
    decision = commands_it(with_file, Move.RESOLVE, seen=1)
    (fact,) = decision.events
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.catch_up_to, fact.state) == ("stale", 2, State.REGISTERED)
    assert decision.refused
    assert not commands_it(decision.state, Move.RESOLVE, seen=2).refused


@pytest.mark.parametrize("state", list(State))
def test_an_accepted_file_is_added_in_every_state(state: State) -> None:
    decision = request.accept_file(registered(state), file_accepted(), terms_of(registered()))
    fact = decision.events[0]
    assert isinstance(fact, DocumentAccepted)
    assert fact.state is state


def test_a_refused_file_is_published_and_need_not_be_seen_before_an_answer() -> None:
    current = request.refuse_file(registered(), file_refused(), terms_of(registered())).state
    assert current is not None
    assert not commands_it(current, Move.RESOLVE).refused


@given(st.lists(st.sampled_from(sorted(set(COMMANDS))), max_size=12))
def test_any_sequence_of_commands_numbers_facts_without_a_gap(moves: list[Move]) -> None:
    current: Request | None = registered()
    numbers = [1]
    for move in moves:
        decision = commands_it(current, move)
        current = decision.state
        numbers += [fact.sequence or 0 for fact in decision.events]
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_event_about_an_unregistered_request_is_poison() -> None:
    with pytest.raises(Poison, match="unknown-request"):
        commands_it(None, Move.ANSWER)


def test_an_answered_request_concludes_after_ten_working_days() -> None:
    answered = commands_it(registered(), Move.ANSWER).state
    assert answered is not None
    (due,) = timers.timers(answered)
    assert due.at.astimezone(UTC) == datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
    (fact,) = timers.lapse(answered, due.at).events
    assert isinstance(fact, RequestConcluded)
    assert fact.lapsed


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
    filed = submitted()._replace(at=answered_at)
    decision = commands_it(register(None, filed).state, Move.ANSWER, at=answered_at)
    (fact,) = decision.events
    assert isinstance(fact, RequestAnswered)
    assert (fact.reply_until, fact.concludes) == (last_day, False)
    assert decision.state is not None
    (due,) = timers.timers(decision.state)
    assert due.at == end_of(last_day)


def test_a_request_stored_by_an_older_version_says_nothing_of_its_language_and_subject() -> None:
    stored = registered().model_dump(exclude={"language", "subject", "reason"})
    (fact,) = commands_it(Request.model_validate(stored), Move.ANSWER).events
    assert isinstance(fact, RequestAnswered)
    assert (fact.language, fact.subject, fact.reason) == (None, None, None)


def test_a_lapse_after_a_decision_does_nothing() -> None:
    assert timers.lapse(registered(State.CONCLUDED), MONDAY + timedelta(days=30)).events == ()


def test_an_assignment_of_a_withdrawn_request_is_refused_and_publishes_nothing() -> None:
    before = registered(State.WITHDRAWN)
    decision = request.route(before, assignment_made(), terms_of(before))
    assert (decision.state, decision.events, decision.refused) == (before, (), True)


def test_routing_records_the_department_and_keeps_the_state() -> None:
    decision = request.route(registered(), assignment_made(), terms_of(registered()))
    assert decision.state is not None
    assert (decision.state.state, decision.state.department) == (State.REGISTERED, "pf")
