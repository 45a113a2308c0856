"""The document of an aggregate: its state, and the inbox, outbox and blocked list that make effects happen once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.common.domain.timers import Timer

State = TypeVar("State", bound=BaseModel)


class InboxEntry(NamedTuple):
    """An event that was already decided. `digest` detects the same id with other bytes."""

    id: str
    digest: bytes
    at: datetime


class OutboxEntry(NamedTuple):
    """An event to publish, serialised: every retry sends the same bytes."""

    id: str
    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes
    at: datetime


class Parked(NamedTuple):
    """A record of this document that is parked in its dead-letter topic. Identified by its original position."""

    topic: str
    partition: int
    offset: int
    at: datetime

    @property
    def position(self) -> tuple[str, int, int]:
        return self.topic, self.partition, self.offset


@dataclass(slots=True)
class Document(Generic[State]):
    """One aggregate, or one view of a projection, as loaded.

    `version` is the compare-and-set token; 0 means not stored yet. `partition` is the Kafka partition whose owner may
    change the document. `timeline_bytes` is the size of the timeline stored in it. If `state` is None the document holds
    only a blocked list, and does not count as existing.
    """

    key: str
    version: int = 0
    partition: int = 0
    state: State | None = None
    inbox: tuple[InboxEntry, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()
    blocked: tuple[Parked, ...] = ()
    due: tuple[Timer, ...] = ()
    timeline_bytes: int = 0


@dataclass(slots=True)
class Change(Generic[State]):
    """A document before and after a decision. `save` writes `after` if `before.version` is still the stored version.

    `new_events` are the outbox entries that this change adds.
    """

    before: Document[State]
    after: Document[State]
    new_events: list[OutboxEntry] = field(default_factory=list)

    @property
    def dirty(self) -> bool:
        """Whether there is anything to save."""
        return self.after is not self.before


RawDocument = dict[str, Any]
"""A document as the driver reads and writes it."""
