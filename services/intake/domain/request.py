"""A request, and how it takes each thing that happens to it. Pure: no clock, no input, no output."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.common.catalogue import Catalogue
from services.common.contracts.base import Value
from services.common.contracts.lifecycle import CommandRef
from services.common.errors import Poison
from services.common.messaging import Decision, Received, changed, refused, unchanged
from services.common.store import Due
from services.intake.domain import clock
from services.intake.domain.transitions import Move, after
from services.intake.messages import (
    ActRefused,
    AssignmentMade,
    CommandFact,
    DocumentAccepted,
    DocumentRefused,
    FileAccepted,
    FileRefused,
    LifecycleFact,
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
"""Working days in which a person may come back on an answer."""

LAPSE: Final = "answer-lapsed"

F = TypeVar("F", bound=LifecycleFact)


class Request(Value):
    """What intake knows of a request. `seq` is that of the last fact it said.

    `person_seq` is the last fact a department must have seen before it may answer: an accepted file.
    """

    request_id: UUID
    reference: str
    account_id: UUID
    state: State
    seq: int
    entered_on: date
    due_on: date
    documents: tuple[UUID, ...]
    department: str | None = None
    person_seq: int = 0
    answered_on: date | None = None


def register(current: Request | None, received: Received[RequestSubmitted], catalogue: Catalogue) -> Decision[Request]:
    """Enter the request in the books and start its term."""
    event = received.event
    if current is not None:
        # Fifty bits of two ids agree: the second request must not be taken for the first.
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
    )
    return changed(
        request,
        _fact(
            RequestRegistered,
            request,
            received.at,
            who=event.who,
            subject=event.subject,
            reason=event.reason,
            catalogue_version=event.catalogue_version,
            language=event.language,
            description=event.description,
            documents=event.documents,
            entered_on=request.entered_on,
            due_on=request.due_on,
            calendar=clock.CALENDAR,
        ),
    )


def route(current: Request | None, received: Received[AssignmentMade]) -> Decision[Request]:
    """A department has the request."""
    event, request = received.event, _known(current)
    state = after(request.state, Move.ROUTE)
    if state is None:
        return _refuse(request, received, event.occurred_at, "not-allowed", command=None)
    routed = _moved(request, state, department=event.department)
    return changed(
        routed,
        _fact(
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
    """A department makes a move. It is refused where the table lacks it, or when the department saw too little."""
    event, request = received.event, _known(current)
    state = after(request.state, move)
    if state is None:
        return _refuse(request, received, event.occurred_at, "not-allowed", command=event.command)
    if move in (Move.ANSWER, Move.RESOLVE) and event.seen < request.person_seq:
        return _refuse(
            request, received, event.occurred_at, "stale", command=event.command, catch_up_to=request.person_seq
        )
    if move is Move.ACKNOWLEDGE and request.state is State.IN_ANALYSIS:
        return unchanged(request)
    return _apply(request, event, move, state)


def _apply(request: Request, event: CommandFact, move: Move, state: State) -> Decision[Request]:
    at, department = event.occurred_at, event.department
    text = getattr(event, "text", None)
    moved = _moved(request, state)
    if move is Move.ACKNOWLEDGE:
        return changed(moved, _fact(RequestInAnalysis, moved, at, department=department))
    if move is Move.REJECT:
        return changed(moved, _fact(RequestRejected, moved, at, department=department, text=text))
    answered = _moved(request, State.ANSWERED, answered_on=clock.day_of(at))
    answer = _fact(RequestAnswered, answered, at, department=department, text=text)
    if move is Move.ANSWER:
        return changed(answered, answer)
    concluded = _moved(answered, state)
    return changed(concluded, answer, _fact(RequestConcluded, concluded, at))


def lapse(current: Request | None, at: datetime) -> Decision[Request]:
    """The window to come back on the answer has passed."""
    if current is None:
        return unchanged(current)
    state = after(current.state, Move.LAPSE)
    if state is None:
        return unchanged(current)
    concluded = _moved(current, state)
    return changed(concluded, _fact(RequestConcluded, concluded, at))


def accept_file(current: Request | None, received: Received[FileAccepted]) -> Decision[Request]:
    """A file may be opened by the department, which must look at it before it answers. Kept in every state."""
    event, request = received.event, _known(current)
    moved = _moved(request, request.state)
    moved = moved.model_copy(update={"person_seq": moved.seq})
    return changed(
        moved,
        _fact(
            DocumentAccepted,
            moved,
            event.occurred_at,
            document_id=event.document_id,
            name=event.name,
            media_type=event.media_type,
            size=event.size,
            sha256=event.sha256,
        ),
    )


def refuse_file(current: Request | None, received: Received[FileRefused]) -> Decision[Request]:
    event, request = received.event, _known(current)
    moved = _moved(request, request.state)
    fact = _fact(DocumentRefused, moved, event.occurred_at, document_id=event.document_id, because=event.because)
    return changed(moved, fact)


def timers(request: Request) -> Sequence[Due]:
    """An answered request concludes by itself once the reply window has passed."""
    if request.state is not State.ANSWERED or request.answered_on is None:
        return ()
    last = clock.add_working_days(request.answered_on, REPLY_WINDOW)
    return (Due(LAPSE, clock.end_of(last)),)


def _known(current: Request | None) -> Request:
    """A fact about a request comes after its registration on every topic intake reads; otherwise it is impossible."""
    if current is None:
        raise Poison("unknown-request")
    return current


def _moved(request: Request, state: State, **more: Any) -> Request:
    return request.model_copy(update={"state": state, "seq": request.seq + 1, **more})


def _fact(kind: type[F], request: Request, at: datetime, **facts: Any) -> F:
    return kind(
        request_id=request.request_id,
        reference=request.reference,
        account_id=request.account_id,
        seq=request.seq,
        state=request.state,
        occurred_at=at,
        **facts,
    )


def _refuse(
    request: Request,
    received: Received[Any],
    at: datetime,
    code: str,
    *,
    command: CommandRef | None,
    catch_up_to: int | None = None,
) -> Decision[Request]:
    """Say that an act had no effect; its author is told, and the request stays as it is."""
    told = _moved(request, request.state)
    act = command.id if command else received.id
    return refused(
        told,
        _fact(ActRefused, told, at, act_id=act, code=code, catch_up_to=catch_up_to, command=command),
    )
