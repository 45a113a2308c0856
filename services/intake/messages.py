"""The contracts intake reads and says."""

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
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    State,
)

GROUP = "intake"
TOPICS = (topics.INTAKE, topics.ASSIGNMENTS, topics.DOCUMENTS)

__all__ = [
    "GROUP",
    "TOPICS",
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
    "RequestAnswered",
    "RequestConcluded",
    "RequestInAnalysis",
    "RequestRegistered",
    "RequestRejected",
    "RequestRouted",
    "RequestSubmitted",
    "State",
]
