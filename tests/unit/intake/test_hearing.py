"""The hearing of the person before a refusal (CPA, art. 121)."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain import Move
from services.intake.messages import ActRefused, HearingClosed, HearingOpened, MessageAdded, State
from tests.unit.intake.builders import COMMANDS
from tests.unit.intake.life import Life, kinds


def heard() -> Life:
    life = Life()
    life.command(Move.HEAR)
    return life


def test_a_hearing_says_the_intention_and_until_when_it_may_be_answered() -> None:
    life = Life()
    (fact,) = life.command(Move.HEAR, text="Tencionamos recusar.")
    assert isinstance(fact, HearingOpened)
    assert (fact.text, fact.answer_until, fact.answer_term.term) == ("Tencionamos recusar.", date(2026, 1, 19), "AUD10")
    assert fact.state is State.IN_ANALYSIS
    assert fact.deadline is not None
    assert [(each.since, each.until, each.because) for each in fact.deadline.suspensions] == [
        (date(2026, 1, 5), None, "hearing")
    ]


@pytest.mark.parametrize("move", sorted(set(COMMANDS) - {Move.ACKNOWLEDGE}))
def test_no_command_changes_anything_while_the_person_may_answer(move: Move) -> None:
    life = heard()
    before = life.request
    (fact,) = life.command(move)
    assert isinstance(fact, ActRefused)
    assert fact.code == "hearing-open"
    assert life.request == before.model_copy(update={"seq": before.seq + 1})


@pytest.mark.parametrize("other", [{}, {"text": None, "documents": (UUID(int=7),)}])
def test_any_message_closes_the_hearing_and_the_term_goes_on(other: dict[str, Any]) -> None:
    life = heard()
    life.live_until(date(2026, 1, 8))
    message, closed = life.write(**other)
    assert isinstance(message, MessageAdded)
    assert isinstance(closed, HearingClosed)
    assert (closed.answered, closed.deadline) == (True, life.request.deadline)
    assert life.request.due_on == date(2026, 1, 22)
    assert life.request.hearing_until is None


def test_a_decision_must_have_seen_the_answer_to_the_hearing() -> None:
    life = heard()
    message, closed = life.write()
    (fact,) = life.command(Move.REJECT, seen=message.seq - 1)
    assert (getattr(fact, "code", None), getattr(fact, "catch_up_to", None)) == ("stale", message.seq)
    assert life.command(Move.REJECT, seen=closed.seq)[-1].state is State.REJECTED


def test_a_hearing_that_nobody_answers_lapses_and_the_department_may_decide() -> None:
    life = heard()
    assert life.live_until(date(2026, 1, 19)) == []
    (fact,) = life.live_until(date(2026, 1, 20))
    assert isinstance(fact, HearingClosed)
    assert (fact.answered, fact.state, fact.epoch) == (False, State.IN_ANALYSIS, 1)
    assert life.request.due_on == date(2026, 2, 2)
    assert life.command(Move.RESOLVE)[-1].state is State.CONCLUDED


def test_an_answer_in_the_last_minute_closes_the_hearing_and_the_lapse_does_nothing() -> None:
    life = heard()
    (lapse,) = life.document.due
    life.live_until(date(2026, 1, 19))
    assert kinds(life.write()) == [MessageAdded, HearingClosed]
    assert life.fire(lapse.kind, lapse.at) == []


def test_a_withdrawal_ends_the_hearing() -> None:
    life = heard()
    (fact,) = life.withdraw()
    assert fact.state is State.WITHDRAWN
    assert (life.request.hearing_until, life.document.due) == (None, ())


def test_a_person_may_be_heard_again() -> None:
    life = heard()
    life.write()
    (fact,) = life.command(Move.HEAR)
    assert isinstance(fact, HearingOpened)
    assert fact.deadline is not None
    assert [each.until for each in fact.deadline.suspensions] == [date(2026, 1, 5), None]


def test_a_withdrawal_ends_the_suspension_of_the_hearing_that_day() -> None:
    life = heard()
    life.live_until(date(2026, 1, 7))
    (fact,) = life.withdraw()
    assert fact.deadline is not None
    assert [each.until for each in fact.deadline.suspensions] == [date(2026, 1, 7)]
