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
from services.common.contracts.commands import Acknowledge, Answer, Command, Reject, Resolve
from services.common.contracts.departments import (
    MAX_FILES,
    MAX_MESSAGES,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Check,
    CommandRejected,
    CommandUnreadable,
    File,
    Message,
)
from services.common.contracts.lifecycle import (
    ActRefused,
    CommandRef,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
    State,
)

GROUP = "routing"


def topics_read(departments: list[str]) -> list[str]:
    return [topics.LIFECYCLE, *(topics.outbox(code) for code in departments)]


__all__ = [
    "GROUP",
    "MAX_FILES",
    "MAX_MESSAGES",
    "Acknowledge",
    "ActRefused",
    "Answer",
    "AssignmentAcknowledged",
    "AssignmentAnswered",
    "AssignmentClosed",
    "AssignmentCreated",
    "AssignmentMade",
    "AssignmentRejected",
    "AssignmentResolved",
    "AssignmentUpdated",
    "AssignmentWithdrawn",
    "Check",
    "Command",
    "CommandFact",
    "CommandRef",
    "CommandRejected",
    "CommandUnreadable",
    "DocumentAccepted",
    "DocumentRefused",
    "File",
    "LifecycleFact",
    "Message",
    "MessageAdded",
    "Reject",
    "RequestAnswered",
    "RequestConcluded",
    "RequestInAnalysis",
    "RequestRegistered",
    "RequestRejected",
    "RequestWithdrawn",
    "Resolve",
    "State",
    "topics_read",
]
