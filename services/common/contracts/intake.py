"""`requests.intake.v1`: people's requests and acts, published by the gateway."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from services.common.contracts import topics
from services.common.contracts.base import MAX_DOCUMENTS, Code, DomainEvent, Prose

Who = Literal["P", "E"]
"""P a person, E a company (an entity)."""


class RequestSubmitted(DomainEvent, type="request.submitted", families=(topics.INTAKE,)):
    """A person filed a request. Identity stays with the gateway: `account_id` and `actor_id` are opaque."""

    account_id: UUID
    actor_id: UUID
    who: Who
    subject: Code
    reason: Code
    catalogue_version: int = Field(ge=1)
    language: Literal["pt", "en"] = "pt"
    description: Prose
    documents: tuple[UUID, ...] = Field(default=(), max_length=MAX_DOCUMENTS)


class Act(DomainEvent, families=(topics.INTAKE,)):
    """A person's act on their own request. The record's `ce_id` is the act id that the gateway returned."""

    account_id: UUID
    actor_id: UUID


class RequestReplied(Act, type="request.replied"):
    """The person adds a text, files or both."""

    text: Prose | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=MAX_DOCUMENTS)


class Withdrawn(Act, type="request.withdrawn", schema="intake.request.withdrawn"):
    """The person withdraws the request. Intake decides if its state allows it."""
