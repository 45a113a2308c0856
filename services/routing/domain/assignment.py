"""The assignment of a request to a department, and the inbox events that keep the department's copy of it true. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from services.common.catalogue import Catalogue
from services.common.contracts import departments
from services.common.contracts.base import Value
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.decision import Decision, changed, unchanged
from services.common.domain.identifiers import derived_id
from services.common.domain.received import Received
from services.routing.messages import (
    MAX_FILES,
    MAX_MESSAGES,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentMade,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Check,
    DocumentAccepted,
    DocumentRefused,
    File,
    LifecycleFact,
    Message,
    MessageAdded,
    RequestRegistered,
    RequestWithdrawn,
    State,
)

FALLBACK: Final = "tri"
"""The screening department. It gets the requests that no rule matches."""


ENDED: Final = frozenset({State.CONCLUDED, State.WITHDRAWN, State.REJECTED})
"""States in which nothing more is to be done for an assignment."""


class Choice(Value):
    """A department, and the rule that chose it."""

    department: str
    rule: str
    rules_version: str


class Assignment(Value):
    """The assignment of a request to a department.

    `number` counts the inbox events of the request; `as_of` is the last lifecycle `seq` they include. `messages` are the
    latest ones, after `earlier_messages` others. A closed assignment gets no more inbox events.
    """

    request_id: UUID
    reference: str
    assignment_id: UUID
    epoch: int
    number: int
    as_of: int
    choice: Choice
    state: State | None = None
    subject: str
    reason: str
    language: str | None = None
    description: str
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    messages: tuple[Message, ...] = ()
    earlier_messages: int = 0
    files: tuple[File, ...] = ()
    closed: bool = False


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
        state=event.state,
        subject=event.subject,
        reason=event.reason,
        language=event.language,
        description=event.description,
        documents=event.documents,
        entered_on=event.entered_on,
        due_on=event.due_on,
        files=tuple(File(id=document) for document in event.documents),
    )
    made = AssignmentMade(
        **identity(assignment), occurred_at=event.occurred_at, rule=choice.rule, rules_version=choice.rules_version
    )
    return changed(assignment, _inbox_event(AssignmentCreated, assignment, received), made)


def update(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    """Publish the request's new state to the department's inbox."""
    return _publish(current, received, [AssignmentUpdated])


def close(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    """Publish the end of the assignment. Nothing is published about it afterwards."""
    kinds = (
        [AssignmentWithdrawn, AssignmentClosed] if isinstance(received.event, RequestWithdrawn) else [AssignmentClosed]
    )
    return _publish(current, received, kinds, closed=True)


def update_for_message(current: Assignment | None, received: Received[MessageAdded]) -> Decision[Assignment]:
    """Publish the person's message and the files it names. The assignment keeps the latest `MAX_MESSAGES`."""
    if current is None:
        return unchanged(current)
    event = received.event
    message = Message(seq=event.seq, at=event.occurred_at, text=event.text, documents=event.documents)
    messages = sorted((*current.messages, message), key=lambda each: each.seq)
    left_out = max(0, len(messages) - MAX_MESSAGES)
    known = _by_id(current.files)
    named = {document: File(id=document) for document in event.documents if document not in known}
    return _publish(
        current,
        received,
        [AssignmentUpdated],
        messages=tuple(messages[left_out:]),
        earlier_messages=current.earlier_messages + left_out,
        files=_latest(known | named),
    )


def update_for_file(
    current: Assignment | None, received: Received[DocumentAccepted | DocumentRefused]
) -> Decision[Assignment]:
    """Publish the result of a file's check."""
    if current is None:
        return unchanged(current)
    file = _checked(received.event)
    return _publish(current, received, [AssignmentUpdated], files=_latest(_by_id(current.files) | {file.id: file}))


def _checked(event: DocumentAccepted | DocumentRefused) -> File:
    if isinstance(event, DocumentRefused):
        return File(id=event.document_id, check=Check.REFUSED, refusal=event.because)
    return File(
        id=event.document_id,
        check=Check.ACCEPTED,
        name=event.name,
        media_type=event.media_type,
        size=event.size,
        sha256=event.sha256,
    )


def _by_id(files: Sequence[File]) -> dict[UUID, File]:
    return {file.id: file for file in files}


def _latest(files: Mapping[UUID, File]) -> tuple[File, ...]:
    return tuple(files.values())[-MAX_FILES:]


def _publish(
    current: Assignment | None,
    received: Received[Any],
    kinds: Sequence[type[departments.Assignment]],
    **changes: Any,
) -> Decision[Assignment]:
    """Publish the assignment with `changes` to the inbox, once for each of `kinds`; nothing if it is closed."""
    if current is None or current.closed:
        return unchanged(current)
    event: LifecycleFact = received.event
    # A redriven fact may be older than the ones included already: it must not bring back an old state.
    state = event.state if event.seq > current.as_of else current.state
    if state in ENDED and not changes.get("closed"):
        # Older versions did not tell the department that a request had ended: the next fact about it does.
        kinds, changes = [AssignmentClosed], changes | {"closed": True}
    updated = current.model_copy(update={"as_of": max(current.as_of, event.seq), "state": state, **changes})
    events = []
    for kind in kinds:
        updated = updated.model_copy(update={"number": updated.number + 1})
        events.append(_inbox_event(kind, updated, received))
    return changed(updated, *events)


def _inbox_event(
    kind: type[departments.Assignment], assignment: Assignment, received: Received[Any]
) -> departments.Assignment:
    """The whole assignment as an inbox event. `because` is the department's command, or else the fact itself."""
    event: LifecycleFact = received.event
    whole = kind(
        **identity(assignment),
        occurred_at=event.occurred_at,
        because=event.command_id or received.id,
        **{name: getattr(assignment, name) for name in _CARRIED},
    )
    return _fitting(whole)


_CARRIED: Final = (
    "number",
    "as_of",
    "state",
    "subject",
    "reason",
    "language",
    "description",
    "documents",
    "entered_on",
    "due_on",
    "messages",
    "earlier_messages",
    "files",
)


def _fitting(event: departments.Assignment) -> departments.Assignment:
    """The event with as many of the latest messages as its maximum size allows. All but the longest texts fit."""
    characters = len(event.description) + sum(len(message.text or "") for message in event.messages)
    if 6 * characters + 1_000 * (len(event.messages) + 2 * len(event.files)) < MAX_EVENT:
        return event
    while event.messages and len(event.model_dump_json().encode()) > MAX_EVENT:
        left_out = event.earlier_messages + 1
        event = event.model_copy(update={"messages": event.messages[1:], "earlier_messages": left_out})
    return event


def identity(assignment: Assignment) -> dict[str, Any]:
    """The fields that name an assignment in every event about it."""
    return {
        "request_id": assignment.request_id,
        "reference": assignment.reference,
        "assignment_id": assignment.assignment_id,
        "department": assignment.choice.department,
        "epoch": assignment.epoch,
    }
