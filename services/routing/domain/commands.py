"""The commands of departments: checked, forwarded to intake, or rejected. Pure."""

from typing import Final
from uuid import UUID

from services.common.domain.decision import Decision, changed, refused, unchanged
from services.common.domain.received import Received
from services.routing.domain.assignment import ENDED, Assignment, identity, update
from services.routing.domain.rejections import Explanation, department_of, explain, rejection
from services.routing.messages import (
    Acknowledge,
    ActRefused,
    Answer,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentRejected,
    AssignmentResolved,
    Command,
    CommandFact,
    CommandRef,
    CommandRejected,
    Reject,
    Resolve,
)

_FACTS: Final[dict[type[Command], type[CommandFact]]] = {
    Acknowledge: AssignmentAcknowledged,
    Answer: AssignmentAnswered,
    Resolve: AssignmentResolved,
    Reject: AssignmentRejected,
}


def forward_command(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    """Check the command against the assignment and forward it as a fact. Intake decides if the state allows it."""
    event = received.event
    why = _objection(current, event, department_of(received.topic))
    if why is not None or current is None:
        return refused(current, _rejected(received, why or explain("unknown-assignment")))
    fact = _FACTS[type(event)]
    text = {"text": event.text} if isinstance(event, Answer | Resolve | Reject) else {}
    forwarded = fact(
        **identity(current), occurred_at=received.at, seen=event.seen, command=_reference_to(received), **text
    )
    return changed(current, forwarded)


def reject(received: Received[Command], code: str) -> CommandRejected:
    """The rejection of a command, for the topic of its department."""
    return _rejected(received, explain(code))


def relay_rejection(current: Assignment | None, received: Received[ActRefused]) -> Decision[Assignment]:
    """Relay intake's refusal of a command to its department. The refusal of a person's act is not relayed.

    A department that was not told yet that the request has ended is told now.
    """
    event = received.event
    told = update(current, received) if event.state in ENDED else unchanged(current)
    if event.command is None:
        return told
    relayed = rejection(event.request_id, event.occurred_at, event.command, explain(event.code), event.catch_up_to)
    if current is None:
        return refused(current, relayed)
    return Decision(told.state, (relayed, *told.events))


def _objection(current: Assignment | None, command: Command, department: str) -> Explanation | None:
    if current is None or command.assignment_id != current.assignment_id:
        return explain("unknown-assignment", "/assignment_id")
    if department != current.choice.department:
        return explain("wrong-department")
    if command.epoch != current.epoch:
        return explain("old-epoch" if command.epoch < current.epoch else "unknown-assignment", "/epoch")
    return explain("not-seen-yet", "/seen") if command.seen > current.as_of else None


def _rejected(received: Received[Command], why: Explanation) -> CommandRejected:
    return rejection(UUID(received.key), received.at, _reference_to(received), why)


def _reference_to(received: Received[Command]) -> CommandRef:
    return CommandRef(id=received.id, **received.position._asdict())
