"""What a person does about their own request: always told, kept where it can be, and seen before a department answers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.common.contracts import DomainEvent, topics
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.received import INBOX_AGE
from services.intake.domain import Move, Request, acts, request
from services.intake.domain.acts import MOST_ACTS
from services.intake.messages import (
    ActRefused,
    MessageAdded,
    RequestReplied,
    RequestWithdrawn,
    State,
    Withdrawn,
)
from tests.support.received import MONDAY, REQUEST, received
from tests.unit.intake.test_request import command, registered

FILE = UUID(int=6)
CLOSED = [State.CONCLUDED, State.WITHDRAWN, State.REJECTED]
WITHDRAWABLE = [State.REGISTERED, State.IN_ANALYSIS, State.AWAITING_DOCUMENTS]
SOON = MONDAY + timedelta(minutes=1)


def names(**other: Any) -> dict[str, Any]:
    own = {"request_id": REQUEST, "reference": reference_of(REQUEST), "account_id": UUID(int=1)}
    return own | {"actor_id": UUID(int=1)} | other


def replied(id: str = "a-1", **other: Any) -> Any:
    event = RequestReplied(**names(text="Esqueci-me do recibo.", documents=(FILE,)) | other)
    return received(event, topic=topics.INTAKE, at=SOON, id=id)


def withdrawn(id: str = "a-2", **other: Any) -> Any:
    return received(Withdrawn(**names(**other)), topic=topics.INTAKE, at=SOON, id=id)


def only(events: tuple[DomainEvent, ...]) -> Any:
    (said,) = events
    return said


def busy(times: int, **other: Any) -> Request:
    """A request whose author has acted so often within the last weeks."""
    return registered(acted_at=tuple(SOON - timedelta(minutes=minute) for minute in range(times)), **other)


@pytest.mark.parametrize("state", list(State))
def test_a_message_is_kept_with_its_files_wherever_the_request_stands(state: State) -> None:
    fact = only(acts.reply(registered(state), replied()).events)
    assert isinstance(fact, MessageAdded)
    assert (fact.seq, fact.state, fact.act_id) == (2, state, "a-1")
    assert (fact.text, fact.documents, fact.occurred_at) == ("Esqueci-me do recibo.", (FILE,), SOON)


def test_an_answer_that_has_not_seen_the_persons_message_is_stale_and_says_where_to_catch_up() -> None:
    written = acts.reply(registered(), replied()).state
    assert written is not None
    stale = request.command(written, command(Move.RESOLVE, seen=1), Move.RESOLVE)
    fact = only(stale.events)
    assert (fact.code, fact.catch_up_to) == ("stale", 2)
    assert not request.command(stale.state, command(Move.RESOLVE, seen=2), Move.RESOLVE).refused


@pytest.mark.parametrize("state", WITHDRAWABLE)
def test_a_request_that_nobody_has_decided_is_withdrawn(state: State) -> None:
    decision = acts.withdraw(registered(state), withdrawn())
    fact = only(decision.events)
    assert isinstance(fact, RequestWithdrawn)
    assert (fact.state, fact.act_id, fact.seq) == (State.WITHDRAWN, "a-2", 2)
    assert decision.state is not None
    assert decision.state.state is State.WITHDRAWN


@pytest.mark.parametrize("state", [State.ANSWERED, *CLOSED])
def test_a_withdrawal_that_lost_the_race_to_a_decision_is_refused_and_its_author_told(state: State) -> None:
    before = registered(state)
    decision = acts.withdraw(before, withdrawn())
    fact = only(decision.events)
    assert isinstance(fact, ActRefused)
    assert (fact.act_id, fact.code, fact.command, fact.state) == ("a-2", "not-allowed", None, state)
    assert decision.refused
    assert decision.state == before.model_copy(update={"seq": 2})


@pytest.mark.parametrize("move", [Move.ACKNOWLEDGE, Move.ANSWER, Move.RESOLVE, Move.REJECT])
def test_a_department_does_nothing_with_what_was_withdrawn(move: Move) -> None:
    gone = acts.withdraw(registered(), withdrawn()).state
    fact = only(request.command(gone, command(move, seen=2), move).events)
    assert (fact.code, fact.command.id) == ("not-allowed", "c-1")


@pytest.mark.parametrize(("act", "decide"), [(replied(), acts.reply), (withdrawn(), acts.withdraw)])
def test_more_than_500_acts_in_35_days_are_refused(act: Any, decide: Any) -> None:
    assert not decide(busy(MOST_ACTS - 1), act).refused
    decision = decide(busy(MOST_ACTS), act)
    assert only(decision.events).code == "too-many-acts"
    assert decision.refused
    assert decision.state == busy(MOST_ACTS, seq=2)


def test_acts_older_than_35_days_count_no_more_and_are_forgotten() -> None:
    old = tuple(SOON - INBOX_AGE - timedelta(minutes=minute) for minute in range(1, MOST_ACTS + 1))
    decision = acts.reply(registered(acted_at=old), replied())
    assert not decision.refused
    assert decision.state is not None
    assert decision.state.acted_at == (SOON,)


@pytest.mark.parametrize(("act", "decide"), [(replied, acts.reply), (withdrawn, acts.withdraw)])
def test_an_act_on_a_request_that_is_unknown_or_somebody_elses_is_poison(act: Any, decide: Any) -> None:
    with pytest.raises(Poison, match="unknown-request"):
        decide(None, act())
    with pytest.raises(Poison, match="not-the-owner"):
        decide(registered(), act(account_id=UUID(int=2)))
