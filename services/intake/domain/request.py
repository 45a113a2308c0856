"""The decisions about a request: one function for each event. Pure: no clock, no input or output."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Final

from services.common.catalogue import Catalogue
from services.common.domain.decision import Decision, changed, refused, unchanged
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from services.common.domain.timers import Timer
from services.intake.domain import clock
from services.intake.domain.state import Request, fact, refuse, require_registered, with_next_seq
from services.intake.domain.transitions import DECIDED, Move, next_state
from services.intake.messages import (
    AssignmentMade,
    CommandFact,
    DocumentAccepted,
    DocumentRefused,
    FileAccepted,
    FileRefused,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestSubmitted,
    State,
)

REPLY_WINDOW: Final = 10
"""Working days in which a person may reply to an answer."""

LAPSE: Final = "answer-lapsed"


def register(current: Request | None, received: Received[RequestSubmitted], catalogue: Catalogue) -> Decision[Request]:
    """Register the request and start its legal term."""
    event = received.event
    if current is not None:
        # A reference has 50 bits of the id, so two ids can collide. The second request must not change the first.
        if current.request_id != event.request_id:
            raise Poison("reference-taken")
        return unchanged(current)
    if not catalogue.valid_leaf(event.subject, event.reason):
        raise Poison("unknown-subject-or-reason")
    entered = clock.day_of(received.at)
    request = Request(
        request_id=event.request_id,
        reference=event.reference,
        account_id=event.account_id,
        state=State.REGISTERED,
        seq=1,
        entered_on=entered,
        due_on=clock.due_on(entered, catalogue.clock_of(event.reason)),
        documents=event.documents,
        language=event.language,
        subject=event.subject,
        reason=event.reason,
    )
    return changed(
        request,
        fact(
            RequestRegistered,
            request,
            received.at,
            who=event.who,
            catalogue_version=event.catalogue_version,
            description=event.description,
            documents=event.documents,
            entered_on=request.entered_on,
            due_on=request.due_on,
            calendar=clock.CALENDAR,
        ),
    )


def route(current: Request | None, received: Received[AssignmentMade]) -> Decision[Request]:
    """Record the assigned department. After a withdrawal nothing is published: routing consumes that fact itself."""
    event, request = received.event, require_registered(current)
    state = next_state(request.state, Move.ROUTE)
    if state is None:
        return refused(request)
    routed = with_next_seq(request, state, department=event.department)
    return changed(
        routed,
        fact(
            RequestRouted,
            routed,
            event.occurred_at,
            department=event.department,
            assignment_id=event.assignment_id,
            epoch=event.epoch,
            rule=event.rule,
        ),
    )


def command(current: Request | None, received: Received[CommandFact], move: Move) -> Decision[Request]:
    """Apply a department's command. It is refused if the state does not allow it, if it changes nothing, or if it decides
    and the department has not yet seen the person's latest message or file.
    """
    event, request = received.event, require_registered(current)
    state = next_state(request.state, move)
    if state is None:
        return refuse(request, received, event.occurred_at, "not-allowed", command=event.command)
    if state is request.state:
        return refuse(request, received, event.occurred_at, "no-change", command=event.command)
    if state in DECIDED and event.seen < request.person_seq:
        return refuse(
            request, received, event.occurred_at, "stale", command=event.command, catch_up_to=request.person_seq
        )
    return _apply(request, event, move, state)


def _apply(request: Request, event: CommandFact, move: Move, state: State) -> Decision[Request]:
    at, text = event.occurred_at, getattr(event, "text", None)
    said = {"department": event.department, "command_id": event.command.id}
    moved = with_next_seq(request, state)
    if move is Move.ACKNOWLEDGE:
        return changed(moved, fact(RequestInAnalysis, moved, at, **said))
    if move is Move.REJECT:
        return changed(moved, fact(RequestRejected, moved, at, text=text, **said))
    answered = with_next_seq(request, State.ANSWERED, answered_on=clock.day_of(at))
    answer = partial(fact, RequestAnswered, answered, at, text=text, **said)
    if move is Move.ANSWER:
        return changed(answered, answer(reply_until=_reply_until(clock.day_of(at))))
    concluded = with_next_seq(answered, state)
    conclusion = fact(RequestConcluded, concluded, at, command_id=event.command.id)
    return changed(concluded, answer(concludes=True), conclusion)


def lapse(current: Request | None, at: datetime) -> Decision[Request]:
    """Conclude an answered request, because the reply window has passed."""
    if current is None:
        return unchanged(current)
    state = next_state(current.state, Move.LAPSE)
    if state is None:
        return unchanged(current)
    concluded = with_next_seq(current, state)
    return changed(concluded, fact(RequestConcluded, concluded, at, lapsed=True))


def accept_file(current: Request | None, received: Received[FileAccepted]) -> Decision[Request]:
    """Add an accepted file, in any state. A department must have seen it before it may answer."""
    event, request = received.event, require_registered(current)
    updated = with_next_seq(request, request.state, person_seq=request.seq + 1)
    return changed(
        updated,
        fact(
            DocumentAccepted,
            updated,
            event.occurred_at,
            document_id=event.document_id,
            name=event.name,
            media_type=event.media_type,
            size=event.size,
            sha256=event.sha256,
        ),
    )


def refuse_file(current: Request | None, received: Received[FileRefused]) -> Decision[Request]:
    event, request = received.event, require_registered(current)
    updated = with_next_seq(request, request.state)
    refusal = fact(DocumentRefused, updated, event.occurred_at, document_id=event.document_id, because=event.because)
    return changed(updated, refusal)


def timers(request: Request) -> Sequence[Timer]:
    """The timer that concludes an answered request at the end of the reply window."""
    if request.state is not State.ANSWERED or request.answered_on is None:
        return ()
    return (Timer(LAPSE, clock.end_of(_reply_until(request.answered_on))),)


def _reply_until(answered_on: date) -> date:
    return clock.add_working_days(answered_on, REPLY_WINDOW)
