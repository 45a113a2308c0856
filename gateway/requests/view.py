"""The view of one request: all its facts, merged. The worker writes views; the web process reads them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.common.contracts.base import Value
from services.common.contracts.lifecycle import State


class TimelineFact(Value):
    """One fact of the timeline, with only the fields a person may read. `type` is short, like `request.registered`."""

    id: str
    type: str
    at: datetime
    state: State | None = None
    department: str | None = None
    text: str | None = None
    document_id: UUID | None = None
    document_name: str | None = None
    documents: tuple[UUID, ...] = ()
    act_id: str | None = None
    """The id of the person's act that caused this fact, as the API returned it."""
    because: str | None = None
    channel: str | None = None
    notice: str | None = None
    about: str | None = None
    """For a notice: the id of the fact it is about."""


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
    facts: dict[str, TimelineFact] = Field(default_factory=dict)
    """Lifecycle facts by `seq_key`."""
    notices: dict[str, TimelineFact] = Field(default_factory=dict)
    """Deliveries by event id."""

    def outcome_of(self, act_id: UUID) -> TimelineFact | None:
        """The fact that applied or refused an act of the person; None while the act is pending."""
        return next((fact for fact in self.facts.values() if fact.act_id == str(act_id)), None)


def seq_key(seq: int) -> str:
    """`seq`, zero-padded: sorting the texts sorts the numbers."""
    return f"{seq:010d}"
