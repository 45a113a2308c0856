"""The inbox events that keep the department's copy of an assignment true. Pure."""

from typing import Any, Final

from services.common.contracts import departments
from services.common.contracts.intake import LinkedRequest
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.received import Received
from services.routing.domain.state import Assignment, identity
from services.routing.messages import (
    AssignmentClosed,
    AssignmentCreated,
    AssignmentReminder,
    AssignmentWithdrawn,
    LifecycleFact,
    RequestWithdrawn,
)

InboxEvent = type[departments.Assignment]


def published(
    current: Assignment, updated: Assignment, received: Received[Any], kind: InboxEvent
) -> tuple[Assignment, list[departments.Assignment]]:
    """The assignment and the inbox events after `received` changed `current` to `updated`.

    `kind` tells of a change; the end of a request and its reopening have kinds of their own.
    """
    events = []
    for each in _kinds(current, updated, received.event, kind):
        updated = updated.model_copy(update={"number": updated.number + 1})
        events.append(inbox_event(each, updated, received))
    return updated, events


def _kinds(current: Assignment, updated: Assignment, event: LifecycleFact, kind: InboxEvent) -> tuple[InboxEvent, ...]:
    """None about an assignment that was closed and still is. If the fact that ended or reopened it is missing, the next
    one tells the department.
    """
    if not updated.closed:
        return (AssignmentCreated,) if current.closed else (kind,)
    if current.closed:
        return ()
    return (AssignmentWithdrawn, AssignmentClosed) if isinstance(event, RequestWithdrawn) else (AssignmentClosed,)


def inbox_event(
    kind: InboxEvent, assignment: Assignment, received: Received[Any], **more: Any
) -> departments.Assignment:
    """The whole assignment as an inbox event. `because` is the department's command, or else the fact itself."""
    event: LifecycleFact = received.event
    if kind is AssignmentReminder:
        more["working_days_left"] = getattr(event, "working_days_left", 0)
    whole = kind(
        **identity(assignment),
        occurred_at=event.occurred_at,
        because=event.command_id or received.id,
        **{name: getattr(assignment, name) for name in _CARRIED},
        linked=_linked(assignment),
        **more,
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
    "deadline",
    "asked",
    "deliver_until",
    "hearing_until",
    "reply_until",
    "overdue",
    "hops",
    "place",
    "flags",
    "answers",
    "restricted",
)


def _linked(assignment: Assignment) -> LinkedRequest | None:
    """The request that this one is linked to. A restricted one is named to its own department only; then this one is restricted, too."""
    linked, department = assignment.linked, assignment.choice.department
    return None if assignment.restricted and linked and linked.department != department else linked


def _fitting(event: departments.Assignment) -> departments.Assignment:
    """The event with as many of the latest messages, and then files, as its maximum size allows. All but the longest fit."""
    texts = [event.description, *(message.text or "" for message in event.messages)]
    texts += [text for item in event.asked for text in (item.what, item.why)]
    texts += [text for answer in event.answers for text in (answer.question, answer.text, str(answer.value))]
    characters = sum(map(len, texts))
    parts = (
        len(event.messages)
        + len(event.answers)
        + 2 * len(event.files)
        + sum(1 + len(item.documents) for item in event.asked)
    )
    if 6 * characters + 1_000 * (parts + 10) < MAX_EVENT:
        return event
    while event.messages and _is_too_large(event):
        left_out = event.earlier_messages + 1
        event = event.model_copy(update={"messages": event.messages[1:], "earlier_messages": left_out})
    while event.files and _is_too_large(event):
        event = event.model_copy(update={"files": event.files[1:]})
    return event


def _is_too_large(event: departments.Assignment) -> bool:
    return len(event.model_dump_json().encode()) > MAX_EVENT
