"""`requests.intake.v1`: people's requests and acts, published by the gateway."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.common.contracts import topics
from services.common.contracts.asked import ItemDelivery
from services.common.contracts.base import MAX_DOCUMENTS, Code, DomainEvent, Prose, Value

Who = Literal["P", "E"]
"""P a person, E a company (an entity)."""

Score = Annotated[int, Field(ge=1, le=5)]
"""From 1 (bad) to 5 (good)."""


class Answer(Value):
    """An answer to a question that the catalogue asks, with its words in the language that the request was filed in: `value` is for
    programs, `question` and `text` are for people.
    """

    name: Code
    question: Annotated[str, Field(max_length=200)]
    value: str | int | bool
    text: Annotated[str, Field(max_length=500)]


class LinkedRequest(Value):
    """An earlier request of the same account, as its author saw it when this one was filed."""

    reference: str
    department: Code | None = None
    overdue: bool = False


class RequestSubmitted(DomainEvent, type="request.submitted", families=(topics.INTAKE,)):
    """A person filed a request. Identity stays with the gateway: `account_id` and `actor_id` are opaque.

    `place` is the account's coarse place of residence, `flags` what else the rules need to know about it.
    `restricted`: only its department and `actor_id` may read it.
    """

    account_id: UUID
    actor_id: UUID
    who: Who
    subject: Code
    reason: Code
    catalogue_version: int = Field(ge=1)
    language: Literal["pt", "en"] = "pt"
    description: Prose
    documents: tuple[UUID, ...] = Field(default=(), max_length=MAX_DOCUMENTS)
    place: Code | None = None
    flags: tuple[Code, ...] = ()
    linked: LinkedRequest | None = None
    answers: tuple[Answer, ...] = Field(default=(), max_length=12)
    restricted: bool = False


class Act(DomainEvent, families=(topics.INTAKE,)):
    """A person's act on their own request. The record's `ce_id` is the act id that the gateway returned."""

    account_id: UUID
    actor_id: UUID


class RequestReplied(Act, type="request.replied"):
    """The person adds a text, files or both. `items`: which of the files are delivered for which asked item.

    On an answer it returns the request to analysis. Intake decides if its state and the day allow it.
    """

    text: Prose | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=MAX_DOCUMENTS)
    items: tuple[ItemDelivery, ...] = ()


class Withdrawn(Act, type="request.withdrawn", schema="intake.request.withdrawn"):
    """The person withdraws the request. Intake decides if its state allows it."""


class Reopened(Act, type="request.reopened", schema="intake.request.reopened"):
    """The person comes back on an answer, with words, files, both or neither. Intake decides like for a reply."""

    text: Prose | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=MAX_DOCUMENTS)


class Rated(Act, type="request.rated", schema="intake.request.rated"):
    """The person rates how the request was handled. Intake takes one rating of each request."""

    score: Score
    text: Prose | None = None
