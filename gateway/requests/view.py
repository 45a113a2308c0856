"""The view of one request: a join of everything said about it. The worker merges, the web process shows."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.common.contracts.base import Value
from services.common.contracts.lifecycle import State


class TimelineFact(Value):
    """One fact as the timeline keeps it; `type` is short, like `request.registered`. Only what a person may read."""

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
    """For what follows from an act of the person's: the id they were given for it."""
    because: str | None = None
    channel: str | None = None
    notice: str | None = None
    about: str | None = None
    """For a notice: the id of the fact it tells of."""


class RequestView(Value):
    """Everything is optional but whose it is: facts may come in any order, and each fills its place."""

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
    """Lifecycle facts by their `seq`, zero-padded."""
    notices: dict[str, TimelineFact] = Field(default_factory=dict)
    """Deliveries by their event id."""

    def became_of(self, act_id: UUID) -> TimelineFact | None:
        """The fact that tells what became of an act of the person's; None until there is one."""
        return next((fact for fact in self.facts.values() if fact.act_id == str(act_id)), None)


def seq_key(seq: int) -> str:
    """Sorts as the number does."""
    return f"{seq:010d}"
