"""The view of one request: all its facts, merged. The worker writes views; the web process reads them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from gateway.accounts.domain import Session
from services.common.catalogue import catalogues
from services.common.contracts.asked import AskedItem, ItemDelivery
from services.common.contracts.base import Value
from services.common.contracts.decisions import Appeal, Outcome
from services.common.contracts.intake import Answer
from services.common.contracts.lifecycle import State
from services.common.legal_clock import Deadline


class TimelineFact(Value):
    """One fact of the timeline, with only the fields a person may read. `type` is short, like `request.registered`.

    `deadline` is the legal deadline after the fact, if the fact changed it. `until` is another last day that the fact names: to
    deliver documents, to answer a hearing, to come back on an answer; `term` says how it was counted. `items` are deliveries of
    a message, and `item` the number of the item that a file was delivered for.
    """

    id: str
    type: str
    at: datetime
    state: State | None = None
    department: str | None = None
    text: str | None = None
    document_id: UUID | None = None
    document_name: str | None = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    documents: tuple[UUID, ...] = ()
    act_id: str | None = None
    """The id of the person's act that caused this fact, as the API returned it."""
    because: str | None = None
    channel: str | None = None
    notice: str | None = None
    about: str | None = None
    """For a notice: the id of the fact it is about."""
    deadline: Deadline | None = None
    until: date | None = None
    term: Deadline | None = None
    outcome: Outcome | None = None
    grounds: str | None = None
    appeal: Appeal | None = None
    items: tuple[ItemDelivery, ...] = ()
    item: int | None = None
    from_department: str | None = None
    score: int | None = None
    lapsed: bool = False
    """For a conclusion: the time to come back on the answer ended."""


class AskedDocuments(Value):
    """All documents that were asked, as the fact number `seq` said them."""

    seq: int
    items: tuple[AskedItem, ...]


class RequestView(Value):
    """Most fields are optional: facts may arrive in any order, and each fills its own fields."""

    account_id: UUID
    filed_at: datetime
    request_id: UUID
    reference: str
    state: State = State.RECEIVED
    updated_at: datetime
    who: str | None = None
    subject: str | None = None
    reason: str | None = None
    catalogue_version: int | None = None
    language: str | None = None
    description: str | None = None
    documents: tuple[UUID, ...] = ()
    department: str | None = None
    entered_on: str | None = None
    due_on: str | None = None
    """The first legal deadline: facts may have changed it since."""
    restricted_to: UUID | None = None
    """The only person of the account who may read it; None if all may."""
    linked_to: str | None = None
    """The reference of an earlier request, which the author linked this one to."""
    answers: tuple[Answer, ...] = ()
    asked: AskedDocuments | None = None
    facts: dict[str, TimelineFact] = Field(default_factory=dict)
    """Lifecycle facts by `seq_key`."""
    notices: dict[str, TimelineFact] = Field(default_factory=dict)
    """Deliveries by event id."""
    notified_at: datetime | None = None
    """When the latest notice was sent, or could not be. One that nobody was to get does not count."""
    search_text: str = ""
    """The words of the request, folded, each after a space."""

    def may_be_read_by(self, session: Session) -> bool:
        """Whether it is a request of the session's account that its person may read."""
        return self.account_id == session.account_id and self.restricted_to in (None, session.actor_id)

    @property
    def automatic(self) -> bool:
        """Whether Postigo itself opened it, because of something that a register reported."""
        return catalogues().is_automatic(self.subject, self.reason, self.catalogue_version)

    def outcome_of(self, act_id: UUID) -> TimelineFact | None:
        """The fact that applied or refused an act of the person; None while the act is pending."""
        return next((fact for fact in self.facts.values() if fact.act_id == str(act_id)), None)


def seq_key(seq: int) -> str:
    """`seq`, zero-padded: sorting the texts sorts the numbers."""
    return f"{seq:010d}"
