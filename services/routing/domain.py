"""Which department has a request, and what passes between it and us. Pure."""

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
"""The screening department: it gets what no rule matches."""

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
    """What a department has. `number` counts its inbox events; `as_of` is the last lifecycle `seq` they include."""

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
    """The department the catalogue names for the subject, or screening."""
    return _choice(catalogue.department_of(event.subject), event.subject, catalogue.version)


@lru_cache(maxsize=1024)
def _choice(department: str | None, subject: str, version: int) -> Choice:
    """Remembered: there are as many as subjects."""
    named = f"catalogue/{version}"
    if department is None:
        return Choice(department=FALLBACK, rule="fallback", rules_version=named)
    return Choice(department=department, rule=f"subject:{subject}", rules_version=named)


def assign(
    current: Assignment | None, received: Received[RequestRegistered], catalogue: Catalogue
) -> Decision[Assignment]:
    """Choose the department for a newly registered request, and hand it over."""
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
        **_names(assignment), occurred_at=event.occurred_at, rule=choice.rule, rules_version=choice.rules_version
    )
    return changed(assignment, AssignmentCreated(**_whole(assignment), occurred_at=event.occurred_at), made)


def tell_of_file(current: Assignment | None, received: Received[DocumentAccepted]) -> Decision[Assignment]:
    """An accepted file is something the department must look at."""
    return _told(current, received.event, AssignmentUpdated)


def tell_of_message(current: Assignment | None, received: Received[MessageAdded]) -> Decision[Assignment]:
    """So is what the person wrote, or the files they named."""
    if current is None:
        return unchanged(current)
    event = received.event
    said = Message(seq=event.seq, at=event.occurred_at, text=event.text, documents=event.documents)
    latest = (*current.messages, said)[-MAX_MESSAGES:]
    return _told(current.model_copy(update={"messages": latest}), event, AssignmentUpdated)


def tell_of_withdrawal(current: Assignment | None, received: Received[RequestWithdrawn]) -> Decision[Assignment]:
    """Nothing more is to be done for the request."""
    return _told(current, received.event, AssignmentWithdrawn)


def _told(
    current: Assignment | None, event: LifecycleFact, kind: type[AssignmentUpdated | AssignmentWithdrawn]
) -> Decision[Assignment]:
    if current is None:
        return unchanged(current)
    told = current.model_copy(update={"number": current.number + 1, "as_of": max(current.as_of, event.seq)})
    return changed(told, kind(**_whole(told), occurred_at=event.occurred_at))


def forward_command(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    """Check what only routing knows of a command, and pass it on as a fact for intake to judge."""
    event = received.event
    department = department_of(received.topic)
    code = _objection(current, event, department)
    if code is not None or current is None:
        return refused(current, reject(received, code or "unknown-assignment"))
    fact = _FACTS[type(event)]
    text = {"text": event.text} if isinstance(event, Answer | Resolve | Reject) else {}
    said = fact(**_names(current), occurred_at=received.at, seen=event.seen, command=_reference_to(received), **text)
    return changed(current, said)


def reject(received: Received[Command], code: str) -> CommandRejected:
    """The fact that tells a department its command had no effect."""
    request_id = UUID(received.key)
    return _rejection(request_id, received.at, _reference_to(received), code, None)


def relay_rejection(current: Assignment | None, received: Received[ActRefused]) -> Decision[Assignment]:
    """Intake refused what a department asked: tell it. A person's refused act is the gateway's to show."""
    event = received.event
    if event.command is None:
        return unchanged(current)
    told = _rejection(event.request_id, event.occurred_at, event.command, event.code, event.catch_up_to)
    return changed(current, told) if current is not None else refused(current, told)


def department_of(topic: str) -> str:
    """The topic is the identity: whoever may write `departments.pf.outbox.v1` is department `pf`."""
    return topic.split(".")[1]


def _objection(current: Assignment | None, command: Command, department: str) -> str | None:
    if current is None or command.assignment_id != current.assignment_id:
        return "unknown-assignment"
    if department != current.choice.department:
        return "wrong-department"
    if command.epoch != current.epoch:
        return "old-epoch" if command.epoch < current.epoch else "unknown-assignment"
    return "not-seen-yet" if command.seen > current.as_of else None


def _reference_to(received: Received[Command]) -> CommandRef:
    place = received.position
    return CommandRef(id=received.id, topic=place.topic, partition=place.partition, offset=place.offset)


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


def _names(assignment: Assignment) -> dict[str, Any]:
    return {
        "request_id": assignment.request_id,
        "reference": assignment.reference,
        "assignment_id": assignment.assignment_id,
        "department": assignment.choice.department,
        "epoch": assignment.epoch,
    }


def _whole(assignment: Assignment) -> dict[str, Any]:
    """Every field of the inbox contract: an inbox event carries the whole assignment."""
    return _names(assignment) | {
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
