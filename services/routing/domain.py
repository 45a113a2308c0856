"""Assigns requests to departments, and translates events and commands between us and them. Pure."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from services.common.catalogue import Catalogue
from services.common.contracts.base import Value
from services.common.domain.decision import Decision, changed, refused, unchanged
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.received import Received
from services.routing.messages import (
    MAX_MESSAGES,
    Acknowledge,
    ActRefused,
    Answer,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentCreated,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Command,
    CommandFact,
    CommandRef,
    CommandRejected,
    DocumentAccepted,
    LifecycleFact,
    Message,
    MessageAdded,
    Reject,
    RequestRegistered,
    RequestWithdrawn,
    Resolve,
)

FALLBACK: Final = "tri"
"""The screening department. It gets the requests that no rule matches."""

_FACTS: Final[dict[type[Command], type[CommandFact]]] = {
    Acknowledge: AssignmentAcknowledged,
    Answer: AssignmentAnswered,
    Resolve: AssignmentResolved,
    Reject: AssignmentRejected,
}


class Choice(Value):
    """A department, and the rule that chose it."""

    department: str
    rule: str
    rules_version: str


class Assignment(Value):
    """The assignment of a request to a department.

    `number` counts the inbox events of the request; `as_of` is the last lifecycle `seq` they include.
    """

    request_id: UUID
    reference: str
    assignment_id: UUID
    epoch: int
    number: int
    as_of: int
    choice: Choice
    subject: str
    reason: str
    description: str
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    messages: tuple[Message, ...] = ()


def choose(event: RequestRegistered, catalogue: Catalogue) -> Choice:
    """The department of the subject in the catalogue, or else screening."""
    return _choice(catalogue.department_of(event.subject), event.subject, catalogue.version)


@lru_cache(maxsize=1024)
def _choice(department: str | None, subject: str, version: int) -> Choice:
    """Cached: there is only one choice for each subject."""
    rules_version = f"catalogue/{version}"
    if department is None:
        return Choice(department=FALLBACK, rule="fallback", rules_version=rules_version)
    return Choice(department=department, rule=f"subject:{subject}", rules_version=rules_version)


def assign(
    current: Assignment | None, received: Received[RequestRegistered], catalogue: Catalogue
) -> Decision[Assignment]:
    """Choose the department for a newly registered request, and publish the assignment to its inbox."""
    if current is not None:
        return unchanged(current)
    event = received.event
    choice = choose(event, catalogue)
    assignment = Assignment(
        request_id=event.request_id,
        reference=event.reference,
        assignment_id=derived_id("assignment", event.key, choice.department),
        epoch=1,
        number=1,
        as_of=event.seq,
        choice=choice,
        subject=event.subject,
        reason=event.reason,
        description=event.description,
        documents=event.documents,
        entered_on=event.entered_on,
        due_on=event.due_on,
    )
    made = AssignmentMade(
        **_identity(assignment), occurred_at=event.occurred_at, rule=choice.rule, rules_version=choice.rules_version
    )
    return changed(assignment, AssignmentCreated(**_inbox_fields(assignment), occurred_at=event.occurred_at), made)


def update_for_file(current: Assignment | None, received: Received[DocumentAccepted]) -> Decision[Assignment]:
    """Publish an accepted file to the department's inbox."""
    return _publish_to_inbox(current, received.event, AssignmentUpdated)


def update_for_message(current: Assignment | None, received: Received[MessageAdded]) -> Decision[Assignment]:
    """Publish the person's message to the department's inbox. The assignment keeps the latest `MAX_MESSAGES`."""
    if current is None:
        return unchanged(current)
    event = received.event
    message = Message(seq=event.seq, at=event.occurred_at, text=event.text, documents=event.documents)
    latest = (*current.messages, message)[-MAX_MESSAGES:]
    return _publish_to_inbox(current.model_copy(update={"messages": latest}), event, AssignmentUpdated)


def withdraw(current: Assignment | None, received: Received[RequestWithdrawn]) -> Decision[Assignment]:
    """Publish the withdrawal to the department's inbox."""
    return _publish_to_inbox(current, received.event, AssignmentWithdrawn)


def _publish_to_inbox(
    current: Assignment | None, event: LifecycleFact, kind: type[AssignmentUpdated | AssignmentWithdrawn]
) -> Decision[Assignment]:
    if current is None:
        return unchanged(current)
    updated = current.model_copy(update={"number": current.number + 1, "as_of": max(current.as_of, event.seq)})
    return changed(updated, kind(**_inbox_fields(updated), occurred_at=event.occurred_at))


def forward_command(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    """Check the command against the assignment and forward it as a fact. Intake decides if the state allows it."""
    event = received.event
    department = department_of(received.topic)
    code = _rejection_code(current, event, department)
    if code is not None or current is None:
        return refused(current, reject(received, code or "unknown-assignment"))
    fact = _FACTS[type(event)]
    text = {"text": event.text} if isinstance(event, Answer | Resolve | Reject) else {}
    forwarded = fact(
        **_identity(current), occurred_at=received.at, seen=event.seen, command=_reference_to(received), **text
    )
    return changed(current, forwarded)


def reject(received: Received[Command], code: str) -> CommandRejected:
    """The rejection of a command, for the topic of its department."""
    request_id = UUID(received.key)
    return _rejection(request_id, received.at, _reference_to(received), code, None)


def relay_rejection(current: Assignment | None, received: Received[ActRefused]) -> Decision[Assignment]:
    """Relay intake's refusal of a command to its department. The refusal of a person's act is ignored here."""
    event = received.event
    if event.command is None:
        return unchanged(current)
    rejection = _rejection(event.request_id, event.occurred_at, event.command, event.code, event.catch_up_to)
    return changed(current, rejection) if current is not None else refused(current, rejection)


def department_of(topic: str) -> str:
    """The topic identifies the department: only department `pf` may write `departments.pf.outbox.v1`."""
    return topic.split(".")[1]


def _rejection_code(current: Assignment | None, command: Command, department: str) -> str | None:
    if current is None or command.assignment_id != current.assignment_id:
        return "unknown-assignment"
    if department != current.choice.department:
        return "wrong-department"
    if command.epoch != current.epoch:
        return "old-epoch" if command.epoch < current.epoch else "unknown-assignment"
    return "not-seen-yet" if command.seen > current.as_of else None


def _reference_to(received: Received[Command]) -> CommandRef:
    position = received.position
    return CommandRef(id=received.id, topic=position.topic, partition=position.partition, offset=position.offset)


def _rejection(
    request_id: UUID, at: datetime, command: CommandRef, code: str, catch_up_to: int | None
) -> CommandRejected:
    return CommandRejected(
        request_id=request_id,
        reference=reference_of(request_id),
        occurred_at=at,
        department=department_of(command.topic),
        command_id=command.id,
        code=code,
        command_topic=command.topic,
        command_partition=command.partition,
        command_offset=command.offset,
        catch_up_to=catch_up_to,
    )


def _identity(assignment: Assignment) -> dict[str, Any]:
    return {
        "request_id": assignment.request_id,
        "reference": assignment.reference,
        "assignment_id": assignment.assignment_id,
        "department": assignment.choice.department,
        "epoch": assignment.epoch,
    }


def _inbox_fields(assignment: Assignment) -> dict[str, Any]:
    """The fields of an inbox event: it carries the whole assignment."""
    return _identity(assignment) | {
        "number": assignment.number,
        "as_of": assignment.as_of,
        "subject": assignment.subject,
        "reason": assignment.reason,
        "description": assignment.description,
        "documents": assignment.documents,
        "entered_on": assignment.entered_on,
        "due_on": assignment.due_on,
        "messages": assignment.messages,
    }
