"""The table of moves, cell by cell, through intake's own handlers: what it allows happens, what it lacks is refused."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from services.common.domain.errors import Poison
from services.common.messaging import Outcome
from services.common.store import Document
from services.intake.domain import TRANSITIONS, Actor, Move, Request, timers
from services.intake.domain.transitions import next_state
from services.intake.messages import ActRefused, DocumentAccepted, LifecycleFact, State
from tests.unit.intake.builders import (
    COMMANDS,
    FILE,
    assignment_made,
    command,
    file_accepted,
    rated,
    reopened,
    replied,
    submitted,
    withdrawn,
)
from tests.unit.intake.life import Life, kinds

TIMERS: Final = {
    Move.REMIND: timers.REMIND,
    Move.LAPSE_DOCUMENTS: timers.LAPSE_DOCUMENTS,
    Move.LAPSE_HEARING: timers.LAPSE_HEARING,
    Move.WARN: timers.WARN,
    Move.MISS: timers.MISS,
    Move.LAPSE: timers.LAPSE,
}
PERSON: Final[Mapping[Move, Callable[[Life], list[LifecycleFact]]]] = {
    Move.ADD_MESSAGE: lambda life: life.write(),
    Move.REOPEN: lambda life: life.come_back(text="Falta um mês."),
    Move.WITHDRAW: lambda life: life.withdraw(),
    Move.RATE: lambda life: life.rate(),
}
ACCEPTED: Final = UUID(int=60)


def registered(life: Life) -> None:
    pass


def routed(life: Life) -> None:
    life.route()


def acknowledged(life: Life) -> None:
    life.command(Move.ACKNOWLEDGE)


def heard(life: Life) -> None:
    life.command(Move.HEAR)
    life.write()


def unheard(life: Life) -> None:
    life.command(Move.HEAR)
    life.wake(life.document.due[0].at)


def asked(life: Life) -> None:
    life.ask()


def asked_again(life: Life) -> None:
    delivered(life)
    life.ask()


def delivered(life: Life) -> None:
    life.ask()
    life.deliver((1, [ACCEPTED]))
    life.accept(ACCEPTED)


def undelivered(life: Life) -> None:
    life.ask()
    life.wake(life.document.due[-1].at)


def transferred(life: Life) -> None:
    life.command(Move.TRANSFER)
    life.command(Move.ACKNOWLEDGE)


def extended(life: Life) -> None:
    life.command(Move.ACKNOWLEDGE)
    life.command(Move.EXTEND)


def overdue(life: Life) -> None:
    life.command(Move.ACKNOWLEDGE)
    life.wake(life.document.due[-1].at)


def answered(life: Life) -> None:
    life.command(Move.ANSWER)


def answered_while_asked(life: Life) -> None:
    life.ask()
    life.command(Move.ANSWER)


def came_back(life: Life) -> None:
    life.command(Move.RESOLVE)
    life.write()


def resolved(life: Life) -> None:
    life.command(Move.RESOLVE)


def rejected(life: Life) -> None:
    life.command(Move.REJECT)


def withdrew(life: Life) -> None:
    life.withdraw()


WAYS: Final[Mapping[Callable[[Life], None], State]] = {
    registered: State.REGISTERED,
    routed: State.REGISTERED,
    acknowledged: State.IN_ANALYSIS,
    heard: State.IN_ANALYSIS,
    unheard: State.IN_ANALYSIS,
    delivered: State.IN_ANALYSIS,
    undelivered: State.IN_ANALYSIS,
    transferred: State.IN_ANALYSIS,
    extended: State.IN_ANALYSIS,
    overdue: State.IN_ANALYSIS,
    came_back: State.IN_ANALYSIS,
    asked: State.AWAITING_DOCUMENTS,
    asked_again: State.AWAITING_DOCUMENTS,
    answered: State.ANSWERED,
    answered_while_asked: State.ANSWERED,
    resolved: State.CONCLUDED,
    withdrew: State.WITHDRAWN,
    rejected: State.REJECTED,
}
"""How a request got where it is, and where that is."""

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def after(way: Callable[[Life], None]) -> Life:
    life = Life()
    way(life)
    assert life.request.state is WAYS[way]
    return life


def moved(life: Life, before: Request, move: Move, said: list[LifecycleFact]) -> None:
    """Asserts that exactly what the table says of the move happened."""
    rule = TRANSITIONS[move]
    assert life.outcome is Outcome.APPLIED
    assert kinds(said) == list(rule.facts)
    assert life.request.state is said[-1].state is rule.to[before.state]
    assert life.request.epoch == before.epoch + rule.new_epoch
    assert {fact.epoch for fact in said} == {life.request.epoch}
    assert [fact.seq for fact in said] == list(range(before.seq + 1, life.request.seq + 1))


def refused(life: Life, before: Request, said: list[LifecycleFact], code: str) -> None:
    """Asserts that the refusal was said, and changed nothing else."""
    (fact,) = said
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.state, fact.epoch) == (code, before.state, before.epoch)
    assert life.outcome is Outcome.REFUSED
    assert life.request == before.model_copy(update={"seq": before.seq + 1})


def test_there_is_a_way_to_every_state_of_the_table() -> None:
    named = {state for rule in TRANSITIONS.values() for state in (*rule.to, *rule.to.values())}
    assert set(WAYS.values()) == named - {State.RECEIVED}
    assert set(TRANSITIONS) == set(Move)


@ways
@pytest.mark.parametrize("move", sorted(COMMANDS))
def test_a_command_does_what_the_table_says_or_is_refused(way: Callable[[Life], None], move: Move) -> None:
    life = after(way)
    before = life.request
    if move is Move.EXTEND and before.missed:
        refused(life, before, life.command(move), "too-late")
    elif move is Move.EXTEND and before.extended:
        refused(life, before, life.command(move), "extended-already")
    elif next_state(before.state, move) is None:
        refused(life, before, life.command(move), "not-allowed")
    elif move is Move.ACKNOWLEDGE and before.state is State.IN_ANALYSIS:
        refused(life, before, life.command(move), "no-change")
    else:
        said = life.command(move)
        moved(life, before, move, said)
        assert {fact.command_id for fact in said} == {f"c-{next(life.numbers) - 1}"}


@ways
@pytest.mark.parametrize("move", sorted(PERSON))
def test_an_act_does_what_the_table_says_or_is_refused(way: Callable[[Life], None], move: Move) -> None:
    life = after(way)
    before = life.request
    said = PERSON[move](life)
    comes_back = move is Move.ADD_MESSAGE and next_state(before.state, Move.REOPEN) is not None
    if comes_back:
        moved(life, before, Move.REOPEN, said)
    elif next_state(before.state, move) is not None:
        moved(life, before, move, said)
    else:
        nobody_answers = move in (Move.ADD_MESSAGE, Move.REOPEN) and before.state in (State.WITHDRAWN, State.REJECTED)
        refused(life, before, said, "closed" if nobody_answers else "not-allowed")


@ways
@pytest.mark.parametrize("move", sorted(TIMERS))
def test_a_timer_does_what_the_table_says_or_is_not_due(way: Callable[[Life], None], move: Move) -> None:
    life = after(way)
    before = life.request
    due = [each for each in life.document.due if each.kind == TIMERS[move]]
    if next_state(before.state, move) is None:
        assert not due
        assert life.fire(TIMERS[move], life.now + timedelta(days=1)) == []
        assert life.request == before
    for each in due[:1]:
        moved(life, before, move, life.fire(each.kind, each.at))


def test_the_ways_reach_every_timer() -> None:
    reached = {each.kind for way in WAYS for each in after(way).document.due}
    assert reached == set(TIMERS.values()) - {timers.LAPSE_HEARING}


def test_a_hearing_that_lapses_does_what_the_table_says() -> None:
    life = Life()
    life.command(Move.HEAR)
    before = life.request
    (due,) = life.document.due
    moved(life, before, Move.LAPSE_HEARING, life.fire(due.kind, due.at))


@ways
def test_the_last_accepted_file_does_what_the_table_says(way: Callable[[Life], None]) -> None:
    """An accepted file is a fact in every state; only the last one that was asked moves the request."""
    life = after(way)
    numbers = [item.number for item in life.request.asked]
    if life.request.state is State.AWAITING_DOCUMENTS:
        life.deliver((numbers[-1], [FILE]))
    before = life.request
    first, *said = life.accept(FILE)
    assert isinstance(first, DocumentAccepted)
    assert (first.state, first.seq) == (before.state, before.seq + 1)
    if before.state is State.AWAITING_DOCUMENTS:
        moved(life, before.model_copy(update={"seq": before.seq + 1}), Move.RECEIVE_DOCUMENTS, said)
    else:
        assert (said, life.request.state, life.request.epoch) == ([], before.state, before.epoch)


@ways
def test_a_department_is_recorded_where_the_table_allows_it(way: Callable[[Life], None]) -> None:
    life = after(way)
    before = life.request
    said = life.route()
    if next_state(before.state, Move.ROUTE) is not None:
        moved(life, before, Move.ROUTE, said)
    else:
        assert (said, life.outcome, life.request) == ([], Outcome.REFUSED, before)


@ways
def test_an_answered_hearing_does_what_the_table_says(way: Callable[[Life], None]) -> None:
    life = after(way)
    life.command(Move.HEAR)
    before = life.request
    assert (before.hearing_until is not None) == (next_state(WAYS[way], Move.HEAR) is not None)
    if before.hearing_until is not None:
        moved(life, before, Move.CLOSE_HEARING, life.write())


@ways
def test_a_request_is_registered_once(way: Callable[[Life], None]) -> None:
    life = after(way)
    before = life.request
    again = submitted()._replace(id="the same request in another record")
    assert (life.process(again), life.request) == ([], before)


def test_only_a_submission_starts_a_request() -> None:
    life = Life()
    first = life.facts[0]
    assert kinds(life.facts) == list(TRANSITIONS[Move.REGISTER].facts)
    assert (first.seq, first.epoch, first.state) == (1, 1, State.REGISTERED)
    records = [command(move) for move in COMMANDS]
    records += [replied(), reopened(), withdrawn(), rated(), file_accepted(), assignment_made()]
    for record in records:
        with pytest.raises(Poison, match="unknown-request"):
            life.requests.fold(Document[Request]("r"), [record])


def test_nobody_but_the_named_actor_has_a_handler_for_a_move() -> None:
    by = {move: rule.by for move, rule in TRANSITIONS.items()}
    assert {move for move in Move if by[move] is Actor.DEPARTMENT} == set(COMMANDS)
    assert {move for move in Move if by[move] is Actor.CLOCK} == set(TIMERS)
    assert {move for move in Move if by[move] is Actor.PERSON} == {*PERSON, Move.REGISTER, Move.CLOSE_HEARING}
