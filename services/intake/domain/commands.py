"""The commands of departments: each is applied, or refused with a code. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from services.common.contracts.asked import MAX_ASKED
from services.common.domain.decision import Decision
from services.common.domain.received import Received
from services.common.legal_clock import day_of, end_of
from services.intake.domain import asked
from services.intake.domain.state import Progress, Request, refuse, require_registered
from services.intake.domain.terms import (
    HEARING,
    Terms,
    end_suspension,
    follow_calendar,
    set_deadline,
    settle_miss,
    suspend,
)
from services.intake.domain.transitions import DECIDED, Move, next_state
from services.intake.messages import (
    AllowedDays,
    AssignmentAnswered,
    AssignmentExtensionRequested,
    AssignmentHearingRequested,
    AssignmentInformationRequested,
    AssignmentRejected,
    AssignmentResolved,
    AssignmentTransferRequested,
    CommandFact,
    HearingOpened,
    RequestAnswered,
    RequestConcluded,
    RequestExtended,
    RequestForwarded,
    RequestInAnalysis,
    RequestRejected,
    State,
)

LONGEST_AHEAD: Final = timedelta(days=366)
"""A date further ahead than this is a mistake."""


def command(current: Request | None, received: Received[CommandFact], move: Move, terms: Terms) -> Decision[Request]:
    """Apply a department's command, or refuse it. Whether the department is in time is judged by when it sent the command."""
    event, request = received.event, require_registered(current)
    code = _refusal_code(request, event, move, terms)
    if code is not None:
        more = _what_helps(code, request, event, terms)
        return refuse(request, received, event.occurred_at, code, command=event.command, **more)
    progress = Progress(request, event.occurred_at, received.at)
    _APPLY[move](progress, event, terms)
    return progress.decision()


def _refusal_code(request: Request, event: CommandFact, move: Move, terms: Terms) -> str | None:
    """Why the command has no effect: the code of its refusal, or None."""
    state = next_state(request.state, move)
    if event.epoch < request.epoch:
        return "old-epoch"
    if state is None:
        return "not-allowed"
    if move is Move.ACKNOWLEDGE:
        return "no-change" if state is request.state else None
    if request.hearing_until is not None:
        return "hearing-open"
    if (state in DECIDED or move is Move.HEAR) and event.seen < request.person_seq:
        return "stale"
    return _limit_refusal(request, event) or _date_refusal(request, event, terms)


def _what_helps(code: str, request: Request, event: CommandFact, terms: Terms) -> dict[str, Any]:
    """What a refusal says besides its code."""
    if code == "stale":
        return {"catch_up_to": request.person_seq}
    return {"allowed": _named_day(request, event, terms)[1]} if code == "bad-date" else {}


def _date_refusal(request: Request, event: CommandFact, terms: Terms) -> str | None:
    """`too-late` or `bad-date` for a day that the command may not name, otherwise None."""
    if isinstance(event, AssignmentExtensionRequested) and event.occurred_at >= end_of(request.due_on):
        return "too-late"
    day, allowed = _named_day(request, event, terms)
    return None if day is None or allowed is None or allowed.after < day <= allowed.until else "bad-date"


def _named_day(request: Request, event: CommandFact, terms: Terms) -> tuple[date | None, AllowedDays | None]:
    """The day that the command names, and those that it may name. An extension must be longer than the term by the calendar in
    force, which counts: a shorter one would use up the only one and add nothing.
    """
    if isinstance(event, AssignmentExtensionRequested):
        due_on = terms.again(terms.current(request)).due_on
        return event.until, AllowedDays(pointer="/until", after=due_on, until=due_on + LONGEST_AHEAD)
    if isinstance(event, AssignmentResolved) and event.appeal is not None:
        today = day_of(event.occurred_at)
        return event.appeal.until, AllowedDays(pointer="/appeal/until", after=today, until=today + LONGEST_AHEAD)
    return None, None


def _limit_refusal(request: Request, event: CommandFact) -> str | None:
    if isinstance(event, AssignmentExtensionRequested) and request.extended:
        return "extended-already"
    if isinstance(event, AssignmentInformationRequested) and len(request.asked) + len(event.items) > MAX_ASKED:
        return "too-many-items"
    return None


def _cause(event: CommandFact) -> dict[str, Any]:
    return {"department": event.department, "command_id": event.command.id}


def _acknowledge(progress: Progress, event: CommandFact, terms: Terms) -> None:
    progress.say(RequestInAnalysis, State.IN_ANALYSIS, **_cause(event))
    follow_calendar(progress, terms)


def _request_information(progress: Progress, event: AssignmentInformationRequested, terms: Terms) -> None:
    settle_miss(progress, terms)
    asked.ask(progress, terms, event.items, event.text, _cause(event))


def _hear(progress: Progress, event: AssignmentHearingRequested, terms: Terms) -> None:
    today = day_of(event.occurred_at)
    settle_miss(progress, terms)
    term = terms.named(day_of(progress.told_at), HEARING)
    suspend(progress, terms, today, "hearing")
    progress.change(hearing_until=term.due_on)
    progress.say(
        HearingOpened,
        State.IN_ANALYSIS,
        text=event.text,
        answer_until=term.due_on,
        answer_term=term,
        deadline=progress.request.deadline,
        **_cause(event),
    )


def _transfer(progress: Progress, event: AssignmentTransferRequested, terms: Terms) -> None:
    """The day of entry stays; the term is counted by the calendar of the department that has the request now."""
    request = progress.request
    own = terms.for_department(event.to)
    progress.change(department=event.to, epoch=request.epoch + 1, hops=request.hops + 1)
    counted = own.again(own.current(request))
    if counted.due_on == request.due_on:
        progress.change(deadline=counted)
    else:
        set_deadline(progress, own, counted, day_of(event.occurred_at))
    progress.say(
        RequestForwarded,
        department=event.to,
        from_department=event.department,
        text=event.text,
        hops=progress.request.hops,
        deadline=counted if counted != request.deadline else None,
        command_id=event.command.id,
    )


def _extend(progress: Progress, event: AssignmentExtensionRequested, terms: Terms) -> None:
    """A day that is no working day is moved to the next one."""
    settle_miss(progress, terms)
    current = terms.again(terms.current(progress.request))
    more = terms.days.between(current.due_on, terms.days.next_working(event.until))
    extended = terms.again(current, extension=current.extension + more)
    set_deadline(progress, terms, extended, day_of(event.occurred_at))
    progress.change(extended=True)
    progress.say(RequestExtended, text=event.text, deadline=extended, **_cause(event))


def _resolve(progress: Progress, event: AssignmentResolved, terms: Terms) -> None:
    decided = {"outcome": event.outcome, "grounds": event.grounds, "appeal": event.appeal}
    _answer(progress, event, terms, concludes=True, **decided)
    progress.say(RequestConcluded, State.CONCLUDED, command_id=event.command.id)


def _answer(progress: Progress, event: AssignmentAnswered | AssignmentResolved, terms: Terms, **decided: Any) -> None:
    """The window to come back counts from the first answer: nothing moves it."""
    settle_miss(progress, terms)
    request = progress.request
    today = day_of(progress.told_at)
    reply = None if request.reply_until is not None else terms.reply(request.answered_on or today)
    until = request.reply_until if reply is None else reply.due_on
    ended = end_suspension(progress, terms, day_of(event.occurred_at))
    dropped = asked.drop_open_items(progress)
    progress.change(answered_on=request.answered_on or today, reply_until=until)
    progress.say(
        RequestAnswered,
        State.ANSWERED,
        text=event.text,
        reply_until=until,
        reply_term=reply,
        deadline=ended,
        asked=dropped,
        **decided,
        **_cause(event),
    )


def _reject(progress: Progress, event: AssignmentRejected, terms: Terms) -> None:
    settle_miss(progress, terms)
    ended = end_suspension(progress, terms, day_of(event.occurred_at))
    dropped = asked.drop_open_items(progress)
    progress.say(RequestRejected, State.REJECTED, text=event.text, deadline=ended, asked=dropped, **_cause(event))


_APPLY: Final[Mapping[Move, Callable[[Progress, Any, Terms], None]]] = {
    Move.ACKNOWLEDGE: _acknowledge,
    Move.REQUEST_INFORMATION: _request_information,
    Move.HEAR: _hear,
    Move.TRANSFER: _transfer,
    Move.EXTEND: _extend,
    Move.ANSWER: _answer,
    Move.RESOLVE: _resolve,
    Move.REJECT: _reject,
}
