"""The commands of departments: checked, forwarded to intake, or rejected. Pure."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.common.catalogue import Catalogue
from services.common.domain.decision import Decision, changed, refused, unchanged
from services.common.domain.received import Received
from services.routing.domain.assignment import update
from services.routing.domain.rejections import Explanation, department_of, explain, explain_refusal, rejection
from services.routing.domain.state import ENDED, Assignment, identity
from services.routing.messages import (
    Acknowledge,
    ActRefused,
    Answer,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentExtensionRequested,
    AssignmentHearingRequested,
    AssignmentInformationRequested,
    AssignmentRejected,
    AssignmentResolved,
    AssignmentTransferRequested,
    Command,
    CommandFact,
    CommandRef,
    CommandRejected,
    Extend,
    Hear,
    Reject,
    RequestInformation,
    Resolve,
    Transfer,
)

FACTS: Final[Mapping[type[Command], type[CommandFact]]] = {
    Acknowledge: AssignmentAcknowledged,
    RequestInformation: AssignmentInformationRequested,
    Hear: AssignmentHearingRequested,
    Transfer: AssignmentTransferRequested,
    Extend: AssignmentExtensionRequested,
    Answer: AssignmentAnswered,
    Resolve: AssignmentResolved,
    Reject: AssignmentRejected,
}
"""The fact as which each command is forwarded. It has the same fields."""


def forward_command(
    current: Assignment | None, received: Received[Command], catalogue: Catalogue
) -> Decision[Assignment]:
    """Check the command against the assignment and forward it as a fact. Intake decides if the state allows it."""
    event = received.event
    if current is None:
        return refused(None, _rejected(None, received, explain("unknown-assignment", "/assignment_id")))
    why = _objection(current, received) or _no_destination(event, department_of(received.topic), catalogue)
    if why is not None:
        return refused(current, _rejected(current, received, why))
    own = {name: getattr(event, name) for name in type(event).model_fields if name not in Command.model_fields}
    forwarded = FACTS[type(event)](
        **identity(current), occurred_at=received.at, seen=event.seen, command=_reference_to(received), **own
    )
    return changed(current, forwarded)


def reject(current: Assignment | None, received: Received[Command], code: str) -> CommandRejected:
    """The rejection of a command, for the topic of its department."""
    return _rejected(current, received, explain(code))


def relay_rejection(current: Assignment | None, received: Received[ActRefused]) -> Decision[Assignment]:
    """Relay intake's refusal of a command to its department. The refusal of a person's act is not relayed.

    A department that was not told yet that the request has ended, or is open again, is told now.
    """
    event = received.event
    is_news = current is not None and current.closed != (event.state in ENDED)
    told = update(current, received) if is_news else unchanged(current)
    if event.command is None:
        return told
    relayed = rejection(event.request_id, event.occurred_at, event.command, explain_refusal(event), event.catch_up_to)
    if current is None:
        return refused(current, relayed)
    return Decision(told.state, (relayed, *told.events))


def _objection(current: Assignment, received: Received[Command]) -> Explanation | None:
    command = received.event
    if department_of(received.topic) != current.choice.department:
        return explain("wrong-department")
    if command.epoch < current.epoch:
        return explain("old-epoch", "/epoch")
    if command.assignment_id != current.assignment_id:
        return explain("unknown-assignment", "/assignment_id")
    if command.epoch > current.epoch:
        return explain("unknown-assignment", "/epoch")
    return explain("not-seen-yet", "/seen") if command.seen > current.as_of else None


def _no_destination(command: Command, department: str, catalogue: Catalogue) -> Explanation | None:
    """Why a transfer leads nowhere. Every department of the catalogue has its topics."""
    if not isinstance(command, Transfer):
        return None
    if command.to not in catalogue.departments:
        return explain("unknown-department", "/to")
    return explain("no-change", "/to") if command.to == department else None


def _rejected(current: Assignment | None, received: Received[Command], why: Explanation) -> CommandRejected:
    is_known = current is not None
    return rejection(UUID(received.key), received.at, _reference_to(received), why, is_known=is_known)


def _reference_to(received: Received[Command]) -> CommandRef:
    return CommandRef(id=received.id, **received.position._asdict())
