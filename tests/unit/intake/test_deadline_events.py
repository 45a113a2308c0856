"""The warnings before the end of a term, and a term that is missed: once each, and taken back if it was none."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.legal_clock import day_of, end_of, start_of
from services.intake.domain import Move
from services.intake.messages import (
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMissRetracted,
    DeadlineMoved,
    LifecycleFact,
    RequestAnswered,
    RequestForwarded,
    State,
)
from tests.support.received import MONDAY
from tests.unit.intake.builders import Calendars, closed_day, command
from tests.unit.intake.life import Life, kinds, warnings

A = UUID(int=101)
TERM_ENDS = date(2026, 1, 19)
"""The last day of ten working days that were entered on the first Monday of 2026."""


def test_warnings_are_said_five_three_and_one_working_days_before_once_each() -> None:
    life = Life()
    said = life.live_until(TERM_ENDS)
    assert kinds(said) == [DeadlineApproaching] * 3
    assert warnings(said) == [(date(2026, 1, 12), 5), (date(2026, 1, 14), 3), (date(2026, 1, 16), 1)]
    assert {fact.state for fact in said} == {State.REGISTERED}


def test_after_a_downtime_everything_is_said_once_and_dated_as_on_time() -> None:
    on_time, late = Life(), Life()
    on_time.live_until(date(2026, 1, 28))
    late.wake(start_of(date(2026, 1, 28)))
    assert late.facts == on_time.facts
    assert kinds(late.facts)[1:] == [DeadlineApproaching] * 3 + [DeadlineMissed]
    assert late.wake(start_of(date(2026, 6, 1))) == []


@given(st.integers(0, 40), st.integers(0, 40))
def test_any_downtime_says_the_same(first: int, second: int) -> None:
    on_time, late = Life(), Life()
    end = MONDAY + timedelta(days=first + second)
    on_time.live_until(day_of(end))
    late.wake(MONDAY + timedelta(days=first))
    late.wake(start_of(day_of(end)) + timedelta(hours=10))
    assert late.facts == on_time.facts


def test_a_term_of_three_days_has_the_warnings_that_fit() -> None:
    life = Life(reason="CER")
    said = life.live_until(date(2026, 1, 9))
    assert (life.request.due_on, warnings(said)) == (date(2026, 1, 8), [(date(2026, 1, 7), 1)])


def test_no_warning_of_the_old_date_is_said_after_an_extension() -> None:
    life = Life()
    life.command(Move.EXTEND, until=date(2026, 2, 2))
    assert warnings(life.live_until(date(2026, 2, 2))) == [
        (date(2026, 1, 26), 5),
        (date(2026, 1, 28), 3),
        (date(2026, 1, 30), 1),
    ]


@pytest.mark.parametrize("move", [Move.ANSWER, Move.RESOLVE, Move.REJECT])
def test_a_decided_request_is_not_warned_of(move: Move) -> None:
    life = Life()
    life.command(move)
    assert warnings(life.live_until(date(2026, 2, 2))) == []


def test_a_missed_term_is_said_at_its_end_and_once() -> None:
    life = Life()
    life.live_until(TERM_ENDS)
    (fact,) = life.live_until(date(2026, 4, 1))
    assert isinstance(fact, DeadlineMissed)
    assert (fact.due_on, fact.occurred_at) == (TERM_ENDS, end_of(TERM_ENDS))


DECISIONS = [Move.ANSWER, Move.RESOLVE, Move.REJECT, Move.REQUEST_INFORMATION, Move.HEAR]


def sent_at(life: Life, move: Move, at: datetime) -> list[LifecycleFact]:
    """A command that was sent `at`, and arrives now."""
    return life.process(command(move, seen=9, at=at, id="late"))


@pytest.mark.parametrize("move", DECISIONS)
def test_what_happened_in_time_and_arrived_late_takes_a_miss_back(move: Move) -> None:
    life = Life()
    life.live_until(date(2026, 1, 21))
    fact, *said = sent_at(life, move, end_of(TERM_ENDS) - timedelta(seconds=1))
    assert isinstance(fact, DeadlineMissRetracted)
    assert fact.due_on == TERM_ENDS
    assert said
    assert not life.request.missed


@pytest.mark.parametrize("move", DECISIONS)
def test_what_happened_late_takes_no_miss_back(move: Move) -> None:
    life = Life()
    life.live_until(date(2026, 1, 21))
    assert DeadlineMissRetracted not in kinds(sent_at(life, move, end_of(TERM_ENDS)))
    assert life.request.missed


@pytest.mark.parametrize("move", DECISIONS)
def test_a_late_decision_says_the_miss_that_no_timer_has_said_yet(move: Move) -> None:
    life = Life()
    fact, *said = sent_at(life, move, end_of(TERM_ENDS))
    assert isinstance(fact, DeadlineMissed)
    assert said
    assert DeadlineMissed not in kinds(life.wake(end_of(TERM_ENDS) + timedelta(days=9)))


def test_a_request_that_was_answered_in_time_is_not_missed_by_a_later_conclusion() -> None:
    life = Life()
    life.live_until(date(2026, 1, 16))
    life.command(Move.ANSWER)
    life.live_until(date(2026, 1, 22))
    assert DeadlineMissed not in kinds(life.command(Move.RESOLVE))


def test_a_decision_while_documents_are_asked_is_never_late() -> None:
    life = Life()
    life.ask()
    life.deliver((1, [A]))
    life.live_until(date(2026, 3, 2))
    assert kinds(life.command(Move.ANSWER)) == [RequestAnswered]


def test_a_transfer_to_a_department_whose_calendar_gives_more_time_takes_a_miss_back() -> None:
    """Its closed day is the last day of the term: the term was not missed for it."""
    closed = [closed_day(date(2026, 1, day), department="dd") for day in (19, 20)]
    life = Life(Calendars(*closed))
    life.live_until(date(2026, 1, 20))
    assert life.request.missed
    facts = life.command(Move.TRANSFER, to="dd")
    assert kinds(facts) == [DeadlineMissRetracted, RequestForwarded]
    assert (life.request.missed, life.request.due_on) == (False, date(2026, 1, 21))


def test_a_term_that_the_calendar_moves_on_and_back_is_missed_once() -> None:
    """An operator closes the last day, and opens it again after the first timer of the new date has fired."""
    calendars = Calendars()
    life = Life(calendars)
    life.live_until(TERM_ENDS)
    closed = closed_day(TERM_ENDS, known_from=life.now)
    calendars.closed_days.append(closed)
    life.live_until(date(2026, 1, 20))
    calendars.closed_days[0] = closed.model_copy(update={"removed_from": life.now})
    said = life.wake(start_of(date(2026, 1, 21)))
    assert kinds(said) == [DeadlineMoved, DeadlineMissed]
    assert (life.request.missed, life.request.due_on) == (True, TERM_ENDS)


def test_a_hearing_on_the_day_to_which_documents_moved_the_end_moves_it_again() -> None:
    life = Life()
    life.live_until(TERM_ENDS)
    life.ask()
    life.live_until(date(2026, 1, 21))
    life.deliver((1, [A]))
    life.accept(A)
    life.command(Move.HEAR)
    life.live_until(date(2026, 1, 27))
    life.write()
    assert (life.request.missed, life.request.due_on) == (False, date(2026, 1, 27))


def test_a_suspension_takes_back_a_miss_that_its_new_date_undoes() -> None:
    """A closed day takes effect just after the miss, and a hearing counts the term again."""
    calendars = Calendars()
    life = Life(calendars)
    life.live_until(date(2026, 1, 20))
    assert life.request.missed
    calendars.closed_days.append(closed_day(TERM_ENDS, known_from=life.now))
    said = life.command(Move.HEAR)
    assert DeadlineMissRetracted in kinds(said)
    assert (life.request.missed, life.request.due_on) == (False, date(2026, 1, 20))


def test_a_warning_that_came_near_when_the_term_was_counted_again_keeps_the_new_date() -> None:
    calendars = Calendars()
    life = Life(calendars)
    life.live_until(date(2026, 1, 14))
    # Three working days are left of the old date; the same day is three before the new one.
    calendars.closed_days.append(closed_day(date(2026, 1, 15), known_from=life.now))
    moved = date(2026, 1, 20)
    assert DeadlineMoved in kinds(life.write())
    assert life.request.due_on == moved
    said = life.wake(life.now + timedelta(hours=1))
    assert kinds(said) == [DeadlineApproaching]
    assert (said[0].due_on, warnings(said)) == (moved, [(date(2026, 1, 14), 3)])  # type: ignore[attr-defined]
    assert life.request.due_on == moved
    assert DeadlineMoved not in kinds(life.live_until(date(2026, 1, 19)))
