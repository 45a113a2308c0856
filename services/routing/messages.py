"""The contracts routing reads and says."""

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
    Acknowledge,
    Answer,
    AssignmentCreated,
    AssignmentUpdated,
    Command,
    CommandRejected,
    Reject,
    Resolve,
)
from services.common.contracts.lifecycle import ActRefused, CommandRef, DocumentAccepted, RequestRegistered

GROUP = "routing"


def topics_read(departments: list[str]) -> list[str]:
    return [topics.LIFECYCLE, *(topics.outbox(code) for code in departments)]


__all__ = [
    "GROUP",
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
    "Command",
    "CommandFact",
    "CommandRef",
    "CommandRejected",
    "DocumentAccepted",
    "Reject",
    "RequestRegistered",
    "Resolve",
    "topics_read",
]
