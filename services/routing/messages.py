"""The events that routing consumes and publishes."""

from services.common.contracts import topics
from services.common.contracts.assignments import (
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    CommandFact,
)
from services.common.contracts.departments import (
    MAX_MESSAGES,
    Acknowledge,
    Answer,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Command,
    CommandRejected,
    Message,
    Reject,
    Resolve,
)
from services.common.contracts.lifecycle import (
    ActRefused,
    CommandRef,
    DocumentAccepted,
    LifecycleFact,
    MessageAdded,
    RequestRegistered,
    RequestWithdrawn,
)

GROUP = "routing"


def topics_read(departments: list[str]) -> list[str]:
    return [topics.LIFECYCLE, *(topics.outbox(code) for code in departments)]


__all__ = [
    "GROUP",
    "MAX_MESSAGES",
    "Acknowledge",
    "ActRefused",
    "Answer",
    "AssignmentAcknowledged",
    "AssignmentAnswered",
    "AssignmentCreated",
    "AssignmentMade",
    "AssignmentRejected",
    "AssignmentResolved",
    "AssignmentUpdated",
    "AssignmentWithdrawn",
    "Command",
    "CommandFact",
    "CommandRef",
    "CommandRejected",
    "DocumentAccepted",
    "LifecycleFact",
    "Message",
    "MessageAdded",
    "Reject",
    "RequestRegistered",
    "RequestWithdrawn",
    "Resolve",
    "topics_read",
]
