"""The contracts: one typed model for each event. The published schemas and documents are generated from them."""

from services.common.contracts import (
    assignments,
    deliveries,
    departments,
    documents,
    intake,
    lifecycle,
    operations,
    topics,
)
from services.common.contracts.base import DomainEvent, Event, Fact, PublishedEvent, declared, events_of

__all__ = [
    "DomainEvent",
    "Event",
    "Fact",
    "PublishedEvent",
    "assignments",
    "declared",
    "deliveries",
    "departments",
    "documents",
    "events_of",
    "intake",
    "lifecycle",
    "operations",
    "topics",
]
