"""The events that intake consumes and publishes."""

from services.common.contracts import topics
from services.common.contracts.assignments import (
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    CommandFact,
)
from services.common.contracts.documents import FileAccepted, FileRefused
from services.common.contracts.intake import Act, RequestReplied, RequestSubmitted, Withdrawn
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
    State,
)

GROUP = "intake"
TOPICS = (topics.INTAKE, topics.ASSIGNMENTS, topics.DOCUMENTS)

__all__ = [
    "GROUP",
    "TOPICS",
    "Act",
    "ActRefused",
    "AssignmentAcknowledged",
    "AssignmentAnswered",
    "AssignmentMade",
    "AssignmentRejected",
    "AssignmentResolved",
    "CommandFact",
    "DocumentAccepted",
    "DocumentRefused",
    "FileAccepted",
    "FileRefused",
    "LifecycleFact",
    "MessageAdded",
    "RequestAnswered",
    "RequestConcluded",
    "RequestInAnalysis",
    "RequestRegistered",
    "RequestRejected",
    "RequestReplied",
    "RequestRouted",
    "RequestSubmitted",
    "RequestWithdrawn",
    "State",
    "Withdrawn",
]
