"""The legal term of a request: suspended, extended, started again, and moved by the calendar."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.legal_clock import Calendar, day_of, explain, start_of
from services.intake.domain import Move
from services.intake.messages import (
    ActRefused,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMoved,
    DocumentsReminded,
    RequestAnswered,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
    RequestRouted,
    State,
)
from tests.unit.intake.builders import IBAN, Calendars, closed_day, command
from tests.unit.intake.life import Life, kinds, warnings

A = UUID(int=101)
DAYS = Calendar.of_public_holidays().working_days(None, None)
TERM_ENDS = date(2026, 1, 19)
"""The last day of ten working days that were entered on the first Monday of 2026."""


# Suspension


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3))
def test_waiting_for_documents_adds_exactly_the_working_days_that_it_lasted(
    start: int, length: int, checked: int
) -> None:
    """From the ask to the day of the delivery, however long the check of the file takes."""
    life = Life()
    life.live_until(DAYS.after(life.today, start))
    life.ask()
    life.live_until(DAYS.after(life.today, length))
    life.deliver((1, [A]))
    life.live_until(life.today + timedelta(days=checked))
    life.accept(A)
    assert life.request.due_on == DAYS.after(TERM_ENDS, length)
    assert life.request.deadline is not None
    assert [day.number for day in explain(life.request.deadline) if day.number] == list(range(1, 11))


def test_documents_that_lapse_add_the_whole_term_to_deliver_them() -> None:
    life = Life()
    life.ask()
    life.live_until(date(2026, 1, 20))
    assert life.request.due_on == DAYS.after(TERM_ENDS, 10)


def test_each_suspension_adds_its_own_days() -> None:
    life = Life()
    life.ask()
    life.live_until(date(2026, 1, 7))
    life.deliver((1, [A]))
    life.accept(A)
    life.live_until(date(2026, 1, 8))
    life.command(Move.HEAR)
    life.live_until(date(2026, 1, 13))
    life.write()
    assert life.request.due_on == DAYS.after(TERM_ENDS, 2 + 3)


def test_an_ask_after_the_term_passed_does_not_bring_it_back() -> None:
    life = Life()
    life.live_until(date(2026, 1, 21))
    life.ask()
    life.live_until(date(2026, 1, 23))
    life.deliver((1, [A]))
    life.accept(A)
    assert (life.request.due_on, life.request.missed, life.document.due) == (TERM_ENDS, True, ())


def test_no_warning_and_no_miss_is_said_while_the_term_stands_still() -> None:
    life = Life()
    life.ask()
    life.deliver((1, [A]))
    assert life.live_until(date(2026, 3, 2)) == []


# Extension


def test_an_extension_gives_the_new_date_with_its_reason_and_its_explanation() -> None:
    life = Life()
    (fact,) = life.command(Move.EXTEND, until=date(2026, 2, 2), text="Falta um parecer.")
    assert isinstance(fact, RequestExtended)
    assert fact.deadline is not None
    assert (fact.deadline.due_on, fact.deadline.extension, fact.text) == (date(2026, 2, 2), 10, "Falta um parecer.")
    assert (fact.state, fact.epoch, life.request.due_on) == (State.REGISTERED, 1, date(2026, 2, 2))
    assert max(day.number or 0 for day in explain(fact.deadline)) == 20


def test_an_extension_to_a_day_that_is_no_working_day_ends_on_the_next_one() -> None:
    life = Life()
    life.command(Move.EXTEND, until=date(2026, 1, 31))
    assert life.request.due_on == date(2026, 2, 2)


@pytest.mark.parametrize(
    "until", [date(2026, 1, 19), date(2026, 1, 5), date(1999, 1, 1), date(2027, 1, 21), date(9999, 12, 31)]
)
def test_an_extension_to_a_day_that_cannot_be_meant_is_refused(until: date) -> None:
    life = Life()
    (fact,) = life.command(Move.EXTEND, until=until)
    assert isinstance(fact, ActRefused)
    assert (fact.code, life.request.due_on) == ("bad-date", TERM_ENDS)


def test_an_extension_that_closed_days_have_overtaken_is_refused_and_the_next_one_is_taken() -> None:
    """The department knows the 19th; by the calendar of now the term ends on the 20th."""
    calendars = Calendars()
    life = Life(calendars)
    calendars.closed_days.append(closed_day(date(2026, 1, 13)))
    (fact,) = life.command(Move.EXTEND, until=date(2026, 1, 20))
    assert isinstance(fact, ActRefused)
    assert (fact.code, fact.allowed and fact.allowed.after) == ("bad-date", date(2026, 1, 20))
    life.command(Move.EXTEND, until=date(2026, 1, 21))
    assert life.request.deadline is not None
    assert (life.request.due_on, life.request.deadline.extension) == (date(2026, 1, 21), 1)


@pytest.mark.parametrize("until", [date(2026, 1, 21), date(2026, 1, 28)])
def test_a_second_extension_is_refused_as_such_whatever_its_date(until: date) -> None:
    life = Life()
    life.command(Move.EXTEND, until=date(2026, 1, 21))
    assert [getattr(fact, "code", None) for fact in life.command(Move.EXTEND, until=until)] == ["extended-already"]


def test_an_extension_after_the_term_is_refused() -> None:
    life = Life()
    life.live_until(TERM_ENDS + timedelta(days=1))
    assert [getattr(fact, "code", None) for fact in life.command(Move.EXTEND)] == ["too-late"]


def test_an_extension_ends_on_the_day_it_says_though_the_calendar_changed_before() -> None:
    calendars = Calendars()
    life = Life(calendars)
    calendars.closed_days.append(closed_day(date(2026, 1, 15)))
    life.command(Move.EXTEND, until=date(2026, 2, 2))
    assert life.request.due_on == date(2026, 2, 2)


@pytest.mark.parametrize("until", [date(1999, 1, 1), date(2026, 1, 5), date(2027, 2, 1), date(9999, 12, 31)])
def test_an_appeal_until_a_day_that_cannot_be_meant_is_refused(until: date) -> None:
    life = Life()
    (fact,) = life.command(Move.RESOLVE, appeal={"means": "Reclamação.", "until": until})
    assert isinstance(fact, ActRefused)
    assert (fact.code, life.request.state) == ("bad-date", State.REGISTERED)


# Coming back, and another department


def test_coming_back_starts_a_term_of_its_own_without_what_happened_to_the_first() -> None:
    life = Life(reason="VAL")
    life.command(Move.EXTEND)
    life.command(Move.RESOLVE)
    life.live_until(date(2026, 1, 8))
    reopened, _ = life.write()
    assert isinstance(reopened, RequestReopened)
    assert reopened.deadline is not None
    term = reopened.deadline
    assert (term.term, term.entered_on, term.due_on, term.extension) == (
        "INF10",
        date(2026, 1, 8),
        date(2026, 1, 22),
        0,
    )
    assert (life.request.entered_on, life.request.extended) == (date(2026, 1, 5), False)
    assert warnings(life.live_until(date(2026, 1, 22))) == [
        (date(2026, 1, 15), 5),
        (date(2026, 1, 19), 3),
        (date(2026, 1, 21), 1),
    ]


def test_a_transfer_keeps_the_day_of_entry_and_counts_by_the_calendar_of_the_new_department() -> None:
    life = Life(Calendars(closed_day(date(2026, 1, 13), department="dd")))
    life.route()
    (fact,) = life.command(Move.TRANSFER, to="dd")
    assert isinstance(fact, RequestForwarded)
    assert (fact.department, fact.from_department, fact.hops, fact.epoch) == ("dd", "pf", 1, 2)
    assert fact.deadline is not None
    assert (fact.deadline.entered_on, fact.deadline.due_on) == (date(2026, 1, 5), date(2026, 1, 20))
    assert life.request.department == "dd"


def test_a_transfer_that_moves_no_date_loses_no_warning() -> None:
    """A warning may be due already, if intake was down."""
    life = Life()
    life.now = start_of(date(2026, 1, 14)) + timedelta(hours=9)
    life.command(Move.TRANSFER)
    assert warnings(life.live_until(date(2026, 1, 14))) == [(date(2026, 1, 12), 5), (date(2026, 1, 14), 3)]


def test_the_department_that_routing_chose_may_have_another_calendar() -> None:
    life = Life(Calendars(closed_day(date(2026, 1, 13), department="dd")))
    assert life.request.due_on == TERM_ENDS
    (fact,) = life.route("dd")
    assert isinstance(fact, RequestRouted)
    assert fact.deadline is not None
    assert fact.deadline.due_on == life.request.due_on == date(2026, 1, 20)


def test_the_place_of_residence_delays_the_term_and_counts_its_holidays() -> None:
    life = Life(place="PT-20")
    assert (life.request.due_on, life.request.deadline and life.request.deadline.dilation) == (date(2026, 1, 26), 5)


# The calendar


def test_a_closed_day_that_was_added_moves_the_date_instead_of_a_warning() -> None:
    calendars = Calendars()
    life = Life(calendars)
    calendars.closed_days.append(closed_day(date(2026, 1, 16), known_from=datetime.fromisoformat("2026-01-09T12:00Z")))
    (fact, *said) = life.live_until(date(2026, 1, 21))
    assert isinstance(fact, DeadlineMoved)
    assert fact.deadline is not None
    assert (fact.deadline.due_on, fact.occurred_at) == (date(2026, 1, 20), start_of(date(2026, 1, 12)))
    assert [each.day for each in fact.deadline.skipped] == [date(2026, 1, 16)]
    assert warnings(said) == [(date(2026, 1, 12), 5), (date(2026, 1, 14), 3), (date(2026, 1, 19), 1)]
    assert {fact.due_on for fact in said if isinstance(fact, DeadlineApproaching)} == {date(2026, 1, 20)}
    assert kinds(said)[-1] is DeadlineMissed


def test_a_closed_day_before_a_warning_moves_the_warning_with_the_date() -> None:
    calendars = Calendars()
    life = Life(calendars)
    calendars.closed_days.append(closed_day(date(2026, 1, 8)))
    moved, *said = life.live_until(date(2026, 1, 20))
    assert isinstance(moved, DeadlineMoved)
    assert moved.occurred_at == start_of(date(2026, 1, 12))
    assert warnings(said) == [(date(2026, 1, 13), 5), (date(2026, 1, 15), 3), (date(2026, 1, 19), 1)]


def test_a_closed_day_on_the_last_day_moves_the_date_instead_of_a_miss() -> None:
    calendars = Calendars()
    life = Life(calendars)
    life.live_until(date(2026, 1, 18))
    calendars.closed_days.append(closed_day(TERM_ENDS))
    (moved,) = life.live_until(date(2026, 1, 20))
    assert isinstance(moved, DeadlineMoved)
    assert moved.deadline is not None
    assert moved.deadline.due_on == date(2026, 1, 20)
    assert kinds(life.live_until(date(2026, 1, 21))) == [DeadlineMissed]


STEPS: dict[str, Callable[[Life], object]] = {
    "an acknowledgement": lambda life: life.command(Move.ACKNOWLEDGE),
    "a message": Life.write,
    "a file that is accepted": lambda life: life.accept(A),
    "a file that is refused": lambda life: life.refuse(A),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_step_of_an_open_request_says_the_date_that_closed_days_moved(name: str) -> None:
    calendars = Calendars()
    life = Life(calendars)
    calendars.closed_days.append(closed_day(date(2026, 1, 13)))
    STEPS[name](life)
    moved = life.facts[-1]
    assert isinstance(moved, DeadlineMoved)
    assert moved.deadline is not None
    assert moved.deadline.due_on == life.request.due_on == date(2026, 1, 20)
    STEPS[name](life)
    assert kinds(life.facts).count(DeadlineMoved) == 1


def test_a_reminder_of_documents_says_the_date_that_closed_days_moved() -> None:
    calendars = Calendars()
    life = Life(calendars)
    life.ask()
    calendars.closed_days.append(closed_day(date(2026, 1, 13)))
    assert kinds(life.live_until(date(2026, 1, 16))) == [DocumentsReminded, DeadlineMoved]


def test_a_closed_day_elsewhere_moves_nothing() -> None:
    life = Life(Calendars(closed_day(date(2026, 1, 13), department="dd")))
    life.route()
    assert DeadlineMoved not in kinds(life.live_until(date(2026, 1, 21)))
    assert life.request.due_on == TERM_ENDS


def test_a_command_on_a_day_that_the_calendar_gave_back_is_in_time() -> None:
    """The decision reached the log before the timer of the old date fired."""
    calendars = Calendars()
    life = Life(calendars)
    life.live_until(TERM_ENDS)
    calendars.closed_days.append(closed_day(TERM_ENDS))
    life.now = start_of(date(2026, 1, 20)) + timedelta(seconds=1)
    assert kinds(life.command(Move.ANSWER)) == [DeadlineMoved, RequestAnswered]


# The person's own terms


@pytest.mark.parametrize("move", [Move.REQUEST_INFORMATION, Move.HEAR, Move.ANSWER])
def test_a_term_of_the_person_counts_from_the_day_on_which_they_are_told(move: Move) -> None:
    """A command that reached us three days late stops the department's term from its day, and gives the person all of theirs."""
    life = Life()
    fields = {"items": (IBAN,)} if move is Move.REQUEST_INFORMATION else {}
    record = command(move, 1, 1, life.now + timedelta(minutes=1), "c-late", department="pf", **fields)
    late = record.at + timedelta(days=3)
    life.process(record._replace(at=late))
    request = life.request
    until = request.deliver_until or request.hearing_until or request.reply_until
    assert until == DAYS.after(day_of(late), 10)
    assert request.deadline is not None
    assert move is Move.ANSWER or request.deadline.suspended_since == day_of(record.at)
