"""Acts of a person: each is applied or refused, and a department must see it before it may answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.common.contracts import PublishedEvent
from services.common.domain.decision import Decision
from services.common.domain.errors import Poison
from services.common.domain.received import INBOX_AGE
from services.intake.domain import Move, Request, acts, commands
from services.intake.domain.acts import MAX_ACTS, ONE_MORE_AFTER
from services.intake.messages import ActRefused, MessageAdded, RequestWithdrawn, State
from tests.unit.intake.builders import FILE, SOON, command, registered, replied, terms_of, withdrawn

CLOSED = [State.WITHDRAWN, State.REJECTED]
OPEN = [State.REGISTERED, State.IN_ANALYSIS, State.AWAITING_DOCUMENTS]


def replies(current: Request | None, record: Any) -> Decision[Request]:
    return acts.reply(current, record, terms_of(current))


def withdraws(current: Request | None, record: Any) -> Decision[Request]:
    return acts.withdraw(current, record, terms_of(current))


def commands_it(current: Request | None, move: Move, seen: int = 1) -> Decision[Request]:
    return commands.command(current, command(move, seen=seen), move, terms_of(current))


def single(events: tuple[PublishedEvent, ...]) -> Any:
    (event,) = events
    return event


def with_recent_acts(times: int, **other: Any) -> Request:
    """A request with this number of recent acts."""
    return registered(acted_at=tuple(SOON - timedelta(minutes=minute) for minute in range(times)), **other)


@pytest.mark.parametrize("state", OPEN)
def test_a_message_with_files_is_added_while_the_request_is_open(state: State) -> None:
    fact = single(replies(registered(state), replied()).events)
    assert isinstance(fact, MessageAdded)
    assert (fact.seq, fact.state, fact.act_id) == (2, state, "a-1")
    assert (fact.text, fact.documents, fact.occurred_at) == ("Esqueci-me do recibo.", (FILE,), SOON)


@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("other", [{}, {"text": None}, {"documents": ()}])
def test_a_message_to_a_closed_request_is_refused_because_nobody_would_answer_it(
    state: State, other: dict[str, Any]
) -> None:
    before = registered(state)
    decision = replies(before, replied(**other))
    fact = single(decision.events)
    assert isinstance(fact, ActRefused)
    assert (fact.act_id, fact.code, fact.command, fact.state) == ("a-1", "closed", None, state)
    assert decision.refused
    assert decision.state == before.model_copy(update={"seq": 2})


@pytest.mark.parametrize("move", [Move.ANSWER, Move.RESOLVE, Move.REJECT])
@pytest.mark.parametrize("seen", [0, 1])
def test_a_decision_without_the_persons_latest_message_is_stale_and_names_the_seq_to_catch_up_to(
    move: Move, seen: int
) -> None:
    written = replies(registered(), replied()).state
    assert written is not None
    stale = commands_it(written, move, seen=seen)
    fact = single(stale.events)
    assert (fact.code, fact.catch_up_to) == ("stale", 2)
    assert not commands_it(stale.state, move, seen=2).refused


def test_an_acknowledgement_decides_nothing_and_is_never_stale() -> None:
    written = replies(registered(), replied()).state
    assert not commands_it(written, Move.ACKNOWLEDGE, seen=0).refused


@pytest.mark.parametrize("seen", [0, 1, 2, 9])
def test_acknowledging_twice_is_refused_as_no_change(seen: int) -> None:
    before = registered(State.IN_ANALYSIS)
    decision = commands_it(before, Move.ACKNOWLEDGE, seen=seen)
    fact = single(decision.events)
    assert (fact.code, fact.command.id, fact.state) == ("no-change", "c-1", State.IN_ANALYSIS)
    assert decision.state == before.model_copy(update={"seq": 2})


@pytest.mark.parametrize("state", OPEN)
def test_an_undecided_request_is_withdrawn(state: State) -> None:
    decision = withdraws(registered(state), withdrawn())
    fact = single(decision.events)
    assert isinstance(fact, RequestWithdrawn)
    assert (fact.state, fact.act_id, fact.seq) == (State.WITHDRAWN, "a-2", 2)
    assert decision.state is not None
    assert decision.state.state is State.WITHDRAWN


@pytest.mark.parametrize("state", [State.ANSWERED, State.CONCLUDED, *CLOSED])
def test_a_withdrawal_after_a_decision_is_refused_and_published(state: State) -> None:
    before = registered(state)
    decision = withdraws(before, withdrawn())
    fact = single(decision.events)
    assert isinstance(fact, ActRefused)
    assert (fact.act_id, fact.code, fact.command, fact.state) == ("a-2", "not-allowed", None, state)
    assert decision.refused
    assert decision.state == before.model_copy(update={"seq": 2})


@pytest.mark.parametrize("move", [Move.ACKNOWLEDGE, Move.ANSWER, Move.RESOLVE, Move.REJECT])
def test_a_command_on_a_withdrawn_request_is_refused(move: Move) -> None:
    current = withdraws(registered(), withdrawn()).state
    fact = single(commands_it(current, move, seen=2).events)
    assert (fact.code, fact.command.id) == ("not-allowed", "c-1")


@pytest.mark.parametrize(("act", "decide"), [(replied(), replies), (withdrawn(), withdraws)])
def test_more_than_500_acts_in_35_days_are_refused(act: Any, decide: Any) -> None:
    assert not decide(with_recent_acts(MAX_ACTS - 1), act).refused
    decision = decide(with_recent_acts(MAX_ACTS), act)
    assert single(decision.events).code == "too-many-acts"
    assert decision.refused
    assert decision.state == with_recent_acts(MAX_ACTS, seq=2)


@pytest.mark.parametrize(("act", "decide"), [(replied(), replies), (withdrawn(), withdraws)])
def test_an_hour_after_the_latest_one_another_act_is_taken(act: Any, decide: Any) -> None:
    many = tuple(SOON - ONE_MORE_AFTER - timedelta(minutes=minute) for minute in range(MAX_ACTS))
    assert not decide(registered(acted_at=many), act).refused


def test_acts_older_than_35_days_do_not_count_and_are_removed() -> None:
    old = tuple(SOON - INBOX_AGE - timedelta(minutes=minute) for minute in range(1, MAX_ACTS + 1))
    decision = replies(registered(acted_at=old), replied())
    assert not decision.refused
    assert decision.state is not None
    assert decision.state.acted_at == (SOON,)


@pytest.mark.parametrize(("act", "decide"), [(replied, replies), (withdrawn, withdraws)])
def test_an_act_on_an_unknown_or_another_accounts_request_is_poison(act: Any, decide: Any) -> None:
    with pytest.raises(Poison, match="unknown-request"):
        decide(None, act())
    with pytest.raises(Poison, match="not-the-owner"):
        decide(registered(), act(account_id=UUID(int=2)))
