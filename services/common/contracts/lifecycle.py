"""`requests.lifecycle.v1`: the facts about a request, numbered by `seq`. Only intake publishes them.

A rebuild of views publishes the same facts on `requests.restated.v1`.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.asked import AskedItem, ItemDelivery
from services.common.contracts.base import Code, Fact, Prose, Text, Value
from services.common.contracts.decisions import Appeal, Outcome
from services.common.contracts.intake import Answer, LinkedRequest, Who
from services.common.legal_clock import Deadline


class State(StrEnum):
    """The state of a request. The gateway has the names that people read."""

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
    """`seq` counts a request's facts from 1; `state` is the request's state after this one.

    `command_id`: the `ce_id` of the department's command that caused the fact. `epoch`: that of the assignment after the fact;
    a department's command with a lower one is refused.

    `deadline` is the legal deadline and `asked` are all documents that were asked, after the fact; None if it changes nothing
    about them.
    """

    seq: int
    state: State
    account_id: UUID
    command_id: str | None = None
    language: str | None = None
    """The language in which the request was filed: that of its notices. Facts of older writers have none."""
    subject: Code | None = None
    reason: Code | None = None
    catalogue_version: int | None = None
    """The version of the catalogue that the request was filed under: that of the words of its subject and reason."""
    restricted_to: UUID | None = None
    """The only person of the account who may read the request: who filed it. None if all may."""
    epoch: int | None = None
    deadline: Deadline | None = None
    asked: tuple[AskedItem, ...] | None = None

    @property
    def sequence(self) -> int:
        return self.seq


class RequestRegistered(LifecycleFact, type="request.registered"):
    """The request is registered: it has an entry date and a legal term."""

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
    place: Code | None = None
    flags: tuple[Code, ...] = ()
    linked: LinkedRequest | None = None
    answers: tuple[Answer, ...] = ()


class RequestRouted(LifecycleFact, type="request.routed"):
    """A department has the request. `deadline` is given if that department's calendar changes it."""

    department: Code
    assignment_id: UUID
    epoch: int
    rule: str


class RequestInAnalysis(LifecycleFact, type="request.in-analysis"):
    department: Code


class RequestAnswered(LifecycleFact, type="request.answered"):
    department: Code
    text: Prose
    reply_until: date | None = None
    """The last day on which the person may come back on the answer. Older answers that conclude a request have none."""
    reply_term: Deadline | None = None
    """How `reply_until` was counted."""
    concludes: bool = False
    """Whether `RequestConcluded` follows at once, because the department resolved the request."""
    outcome: Outcome | None = None
    grounds: Prose | None = None
    appeal: Appeal | None = None


class RequestConcluded(LifecycleFact, type="request.concluded"):
    """Closed by the department's decision, or because the person did not reply in time (`lapsed`)."""

    lapsed: bool = False


class RequestRejected(LifecycleFact, type="request.rejected"):
    department: Code
    text: Prose


class RequestWithdrawn(LifecycleFact, type="request.withdrawn"):
    """Withdrawn by the person before a department decided. `act_id` is the `ce_id` of the act."""

    act_id: str


class MessageAdded(LifecycleFact, type="request.message-added"):
    """The person added a text, files or both. `act_id` is the `ce_id` of the act.

    `items`: which of the files were delivered for which asked item.
    """

    act_id: str
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()
    items: tuple[ItemDelivery, ...] = ()


class DocumentAccepted(LifecycleFact, type="request.document-accepted"):
    document_id: UUID
    name: Text
    media_type: str
    size: int
    sha256: str
    item: int | None = None
    """The number of the asked item that it was delivered for."""
    fits: bool = True
    """False if it is in none of the formats that were asked for the item, which then stays open."""


class DocumentRefused(LifecycleFact, type="request.document-refused"):
    document_id: UUID
    because: Code
    item: int | None = None


class CommandRef(Value):
    """The command that a fact results from, with the position of the department's record."""

    id: str
    topic: str
    partition: int
    offset: int


class AllowedDays(Value):
    """The days that a field of a command may name: later than `after`, and at the latest `until`."""

    pointer: str
    """The JSON pointer of the field."""
    after: date
    until: date


class ActRefused(LifecycleFact, type="request.act-refused"):
    """An act or command was valid but is not allowed in this state. Nothing else changed.

    `act_id` is the `ce_id` of the refused record; `catch_up_to` is the `seq` that a stale command had not seen.
    `code` of a person's act: `not-allowed` (in this state), `closed` (nobody can answer it any more), `rated-already`,
    `too-many-acts`. `code` of a department's command: `not-allowed`, `no-change`, `stale`, `old-epoch`, `hearing-open`,
    `extended-already`, `too-late`, `bad-date`, `too-many-items`.

    `text` and `documents` are those of a refused message: its author can carry them over to a new request. `allowed`: for
    `bad-date`, the days that the command may name.
    """

    act_id: str
    code: Code
    allowed: AllowedDays | None = None
    catch_up_to: int | None = None
    command: CommandRef | None = None
    text: Prose | None = None
    documents: tuple[UUID, ...] = ()
