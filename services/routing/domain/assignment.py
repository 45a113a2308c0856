"""The assignment of a request to a department: made once, changed by each fact, and moved by a transfer. Pure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.common.catalogue import SCREENING, Catalogue
from services.common.domain.decision import Decision, changed, unchanged
from services.common.domain.identifiers import derived_id
from services.common.domain.received import Received
from services.routing.domain.changes import changed_by
from services.routing.domain.inbox import InboxEvent, inbox_event, published
from services.routing.domain.state import Assignment, Choice, identity
from services.routing.messages import (
    MAX_FILES,
    MAX_MESSAGES,
    OFTEN,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentMade,
    AssignmentReminder,
    AssignmentUpdated,
    Check,
    DocumentAccepted,
    DocumentRefused,
    File,
    LifecycleFact,
    Message,
    MessageAdded,
    RequestForwarded,
    RequestRegistered,
    RequestRouted,
    TransferredOften,
)


def choose(event: RequestRegistered, catalogue: Catalogue) -> Choice:
    """The department of the request that this one asks about; that of the subject in the catalogue; or else screening."""
    reason = catalogue.reason(event.reason)
    inherited = event.linked.department if event.linked and reason and reason.ongoing else None
    if inherited in catalogue.departments:
        return Choice(department=inherited, rule="linked-request", rules_version=f"catalogue/{catalogue.version}")
    return _choice(catalogue.department_of(event.subject), event.subject, catalogue.version)


@lru_cache(maxsize=1024)
def _choice(department: str | None, subject: str, version: int) -> Choice:
    """Cached: there is only one choice for each subject."""
    rules_version = f"catalogue/{version}"
    if department is None:
        return Choice(department=SCREENING, rule="fallback", rules_version=rules_version)
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
        epoch=event.epoch or 1,
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
        deadline=event.deadline,
        place=event.place,
        flags=event.flags,
        linked=event.linked,
        answers=event.answers,
        restricted=event.restricted_to is not None,
    )
    made = AssignmentMade(
        **identity(assignment), occurred_at=event.occurred_at, rule=choice.rule, rules_version=choice.rules_version
    )
    return changed(assignment, inbox_event(AssignmentCreated, assignment, received), made)


def update(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    """Publish what the fact changes to the department's inbox: an update, the end of the request, or its reopening."""
    return _update(current, received)


def route(current: Assignment | None, received: Received[RequestRouted]) -> Decision[Assignment]:
    """Publish another legal deadline, if the department's calendar gives one. Routing said the rest itself."""
    return unchanged(current) if received.event.deadline is None else _update(current, received)


def remind(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    """Publish that the legal term ends soon, or has passed."""
    return _update(current, received, AssignmentReminder)


def transfer(current: Assignment | None, received: Received[RequestForwarded]) -> Decision[Assignment]:
    """Close the case for the department that had it, and open it, with all that is known, for the one that has it now."""
    event = received.event
    if current is None or current.closed or event.seq < current.set_by.get("hops", 0):
        return _update(current, received)
    to = event.department
    moved = changed_by(
        current,
        event,
        number=current.number + 2,
        assignment_id=derived_id("assignment", event.key, to, event.seq),
        choice=Choice(department=to, rule=f"transfer:{event.from_department}", rules_version="department"),
    )
    left = current.model_copy(update={"number": current.number + 1, "as_of": moved.as_of, "state": moved.state})
    closed = inbox_event(AssignmentClosed, left, received, transferred_to=to)
    return changed(moved, closed, inbox_event(AssignmentCreated, moved, received), *_alarm(moved, event))


def _alarm(moved: Assignment, event: RequestForwarded) -> Sequence[TransferredOften]:
    """Screening learns of a request that no department keeps."""
    if event.hops < OFTEN:
        return ()
    alarm = TransferredOften(
        request_id=event.request_id,
        reference=event.reference,
        occurred_at=event.occurred_at,
        department=SCREENING,
        hops=event.hops,
        held_by=event.department,
        subject=moved.subject,
        reason=moved.reason,
        restricted=moved.restricted,
    )
    return (alarm,)


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
    return _update(
        current,
        received,
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
    return _update(current, received, files=_latest(_by_id(current.files) | {file.id: file}))


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


def _update(
    current: Assignment | None, received: Received[Any], kind: InboxEvent = AssignmentUpdated, **changes: Any
) -> Decision[Assignment]:
    if current is None:
        return unchanged(current)
    updated, events = published(current, changed_by(current, received.event, **changes), received, kind)
    return changed(updated, *events)
