"""The handler of each message: it calls one domain function."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.common.catalogue import catalogue
from services.common.domain.decision import Decision, unchanged
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.messaging import Aggregate, TimerDue
from services.intake.domain import LAPSE, Move, Request, acts, request
from services.intake.messages import (
    Act,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    FileAccepted,
    FileRefused,
    RequestReplied,
    RequestSubmitted,
    Withdrawn,
)


def _reference(received: Received[Any]) -> Sequence[str]:
    """Documents are keyed by reference, so that two requests cannot share one."""
    return (reference_of(UUID(received.key)),)


requests = Aggregate(
    service="intake", state=Request, keys=_reference, timers=request.timers, created_by={RequestSubmitted}
)


@requests.on(RequestSubmitted)
def register(current: Request | None, received: Received[RequestSubmitted]) -> Decision[Request]:
    return request.register(current, received, catalogue())


@requests.on(RequestReplied)
def reply(current: Request | None, received: Received[RequestReplied]) -> Decision[Request]:
    return acts.reply(current, received)


@requests.on(Withdrawn)
def withdraw(current: Request | None, received: Received[Withdrawn]) -> Decision[Request]:
    return acts.withdraw(current, received)


@requests.on_reused_id(RequestSubmitted, RequestReplied, Withdrawn)
def ignore_retry(current: Request | None, received: Received[RequestSubmitted | Act]) -> Decision[Request]:
    """The same id is the same submission or act: it derives from the body that the person sent. The bytes differ if
    gateways of two versions published it, because the newer one may write more fields.
    """
    return unchanged(current)


@requests.on(AssignmentMade)
def route(current: Request | None, received: Received[AssignmentMade]) -> Decision[Request]:
    return request.route(current, received)


@requests.on(AssignmentAcknowledged)
def acknowledge(current: Request | None, received: Received[AssignmentAcknowledged]) -> Decision[Request]:
    return request.command(current, received, Move.ACKNOWLEDGE)


@requests.on(AssignmentAnswered)
def answer(current: Request | None, received: Received[AssignmentAnswered]) -> Decision[Request]:
    return request.command(current, received, Move.ANSWER)


@requests.on(AssignmentResolved)
def resolve(current: Request | None, received: Received[AssignmentResolved]) -> Decision[Request]:
    return request.command(current, received, Move.RESOLVE)


@requests.on(AssignmentRejected)
def reject(current: Request | None, received: Received[AssignmentRejected]) -> Decision[Request]:
    return request.command(current, received, Move.REJECT)


@requests.on(FileAccepted)
def accept_file(current: Request | None, received: Received[FileAccepted]) -> Decision[Request]:
    return request.accept_file(current, received)


@requests.on(FileRefused)
def refuse_file(current: Request | None, received: Received[FileRefused]) -> Decision[Request]:
    return request.refuse_file(current, received)


@requests.on_timer(LAPSE)
def lapse(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
    return request.lapse(current, received.at)
