"""`requests.lifecycle.v1`: the life of a request, said by intake alone and numbered by `seq`.

The same facts are said again on `requests.restated.v1` when views are rebuilt.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.base import Code, Fact, Prose, Text, Value
from services.common.contracts.intake import Who


class State(StrEnum):
    """Where a request stands; the words people read are in the catalogue of texts."""

    RECEIVED = "received"
    REGISTERED = "registered"
    IN_ANALYSIS = "in_analysis"
    AWAITING_DOCUMENTS = "awaiting_documents"
    ANSWERED = "answered"
    CONCLUDED = "concluded"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "State":
        """A newer writer may know a state that this reader does not."""
        return cls.UNKNOWN


class LifecycleFact(Fact, families=(topics.LIFECYCLE, topics.RESTATED)):
    """`seq` counts a request's facts from 1; `state` is where the request stands after this one."""

    seq: int
    state: State
    account_id: UUID

    @property
    def sequence(self) -> int:
        return self.seq


class RequestRegistered(LifecycleFact, type="request.registered"):
    """The request is in the books: it has a day of entry and a legal term."""

    who: Who
    subject: Code
    reason: Code
    catalogue_version: int
    language: str
    description: Prose
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    calendar: str


class RequestRouted(LifecycleFact, type="request.routed"):
    department: Code
    assignment_id: UUID
    epoch: int
    rule: str


class RequestInAnalysis(LifecycleFact, type="request.in-analysis"):
    department: Code


class RequestAnswered(LifecycleFact, type="request.answered"):
    department: Code
    text: Prose


class RequestConcluded(LifecycleFact, type="request.concluded"):
    """Closed: by the department's decision, or because nobody came back on the answer in time."""


class RequestRejected(LifecycleFact, type="request.rejected"):
    department: Code
    text: Prose


class RequestWithdrawn(LifecycleFact, type="request.withdrawn"):
    """Taken back by the person before a department decided. `act_id` is the `ce_id` of the act."""

    act_id: str


class MessageAdded(LifecycleFact, type="request.message-added"):
    """The person wrote, or named files, or both; kept wherever the request stands. `act_id` is the `ce_id` of the act."""

    act_id: str
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()


class DocumentAccepted(LifecycleFact, type="request.document-accepted"):
    document_id: UUID
    name: Text
    media_type: str
    size: int
    sha256: str


class DocumentRefused(LifecycleFact, type="request.document-refused"):
    document_id: UUID
    because: Code


class CommandRef(Value):
    """The department's record that something answers: where it lies, so that its author can find it."""

    id: str
    topic: str
    partition: int
    offset: int


class ActRefused(LifecycleFact, type="request.act-refused"):
    """Somebody's act was valid but is not allowed where the request stands. Nothing else changed.

    `act_id` is the `ce_id` of what was refused; `catch_up_to` the `seq` its author had not seen, when that is why.
    `code`: `not-allowed` (where the request stands), `too-many-acts` (of its author's), `stale` (a department's).
    """

    act_id: str
    code: Code
    catch_up_to: int | None = None
    command: CommandRef | None = None
