"""What one aggregate's document holds besides its state: the bookkeeping that makes effects happen once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.common.domain.timers import Timer

State = TypeVar("State", bound=BaseModel)


class InboxEntry(NamedTuple):
    """An inbox entry: an event already decided on. `digest` tells the same id with other bytes apart."""

    id: str
    digest: bytes
    at: datetime


class OutboxEntry(NamedTuple):
    """An outbox entry: an event as it will be sent, byte for byte, however often it is sent again."""

    id: str
    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes
    at: datetime


class Parked(NamedTuple):
    """A record of this document that waits in its dead-letter topic, by its original position."""

    topic: str
    partition: int
    offset: int
    at: datetime

    @property
    def position(self) -> tuple[str, int, int]:
        return self.topic, self.partition, self.offset


@dataclass(slots=True)
class Document(Generic[State]):
    """One aggregate, or one projected view, as loaded; `version` 0 means it is not stored yet.

    `version` is the compare-and-set token, `kept` how many bytes of its timeline lie in it. A document whose `state` is None holds only a blocked list and does not
    count as existing.
    """

    key: str
    version: int = 0
    partition: int = 0
    state: State | None = None
    inbox: tuple[InboxEntry, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()
    blocked: tuple[Parked, ...] = ()
    due: tuple[Timer, ...] = ()
    kept: int = 0


@dataclass(slots=True)
class Change(Generic[State]):
    """A document before and after a decision: what `save` writes, if `before` is still what is stored."""

    before: Document[State]
    after: Document[State]
    said: list[OutboxEntry] = field(default_factory=list)

    @property
    def dirty(self) -> bool:
        return self.after is not self.before


RawDocument = dict[str, Any]
"""A document as the driver reads and writes it."""
