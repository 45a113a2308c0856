"""The contracts: one typed model for each event. The published schemas and documents are generated from them."""

from services.common.contracts import (
    assignments,
    commands,
    deliveries,
    departments,
    documents,
    employers,
    handling,
    intake,
    lifecycle,
    operations,
    registry,
    topics,
)
from services.common.contracts.base import DomainEvent, Event, Fact, PublishedEvent, declared, events_of

__all__ = [
    "DomainEvent",
    "Event",
    "Fact",
    "PublishedEvent",
    "assignments",
    "commands",
    "declared",
    "deliveries",
    "departments",
    "documents",
    "employers",
    "events_of",
    "handling",
    "intake",
    "lifecycle",
    "operations",
    "registry",
    "topics",
]
