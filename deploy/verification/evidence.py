"""What a history is made of: what people sent and saw, what lies on the topics, what the stores kept, and the mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from services.common.contracts import Event
from services.common.contracts.base import TYPE_PREFIX
from services.common.contracts.lifecycle import LifecycleFact, State
from services.common.domain.position import Position
from services.common.domain.received import Received

MESSAGE: Final = "message"
WITHDRAWAL: Final = "withdrawal"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent; `sha256` in hexadecimal, over the bytes that left."""

    document_id: UUID
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did with their request once it was filed. `act_id` is None while nobody has acknowledged it."""

    kind: str
    act_id: str | None
    text: str | None = None
    files: Sequence[File] = ()

    @property
    def documents(self) -> tuple[UUID, ...]:
        return tuple(file.document_id for file in self.files)


@dataclass(frozen=True, slots=True)
class Submission:
    """A request as its author sent it, and the reference they were given; None when they never were.

    `account` is the author's name in the demonstration's data; `department` is where the request belongs.
    """

    number: int
    account: str
    account_id: UUID
    email: str
    subject: str
    reason: str
    description: str
    department: str
    files: Sequence[File] = ()
    reference: str | None = None
    request_id: UUID | None = None
    acts: Sequence[Act] = ()
    answers: Sequence[tuple[datetime, str]] = ()
    """Every answer its author got, and when: for people to read."""

    @property
    def name(self) -> str:
        return self.reference or f"request {self.number} (no reference)"

    @property
    def documents(self) -> tuple[UUID, ...]:
        """The files that its first sending names."""
        return tuple(file.document_id for file in self.files)

    @property
    def all_files(self) -> Sequence[File]:
        """Those that its author attached later are among them."""
        return (*self.files, *(file for act in self.acts for file in act.files))

    @property
    def ends(self) -> frozenset[State]:
        """Where it may end. The reference department resolves everything; a withdrawal may come in time or too late."""
        withdrawn = any(act.kind == WITHDRAWAL for act in self.acts)
        return frozenset({State.CONCLUDED, State.WITHDRAWN} if withdrawn else {State.CONCLUDED})


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies on a topic. `cause` is the id of the event that it follows from; `received` is None for what
    cannot be read.
    """

    position: Position
    at: datetime
    key: str
    id: str
    type: str
    cause: str
    digest: bytes
    received: Received[Any] | None

    @property
    def topic(self) -> str:
        return self.position.topic

    @property
    def event(self) -> Event | None:
        return None if self.received is None else self.received.event

    @property
    def fact(self) -> LifecycleFact:
        """Its event, where it is known to be one of a request's life."""
        assert isinstance(self.event, LifecycleFact)
        return self.event


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Which group could not apply the record at `position`, and why. `key` is that of the record."""

    group: str
    position: Position
    reason: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as a store kept it: `inbox` in the order of what it decided on, `unsent` the ids in its outbox."""

    key: str
    state: Mapping[str, Any] | None
    inbox: Sequence[str] = ()
    unsent: Sequence[str] = ()
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Lag:
    """Records of a partition that a group has not read: `records` of them, from the offset `first` on."""

    group: str
    topic: str
    partition: int
    first: int
    records: int

    def includes(self, position: Position) -> bool:
        return (position.topic, position.partition) == (self.topic, self.partition) and position.offset >= self.first


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that left. `delivery_id` is what its Message-ID begins with."""

    delivery_id: str
    to: str
    reference: str


class TimelineEntry(Protocol):
    """A line of the timeline that its author reads."""

    @property
    def seq(self) -> int | None: ...

    @property
    def type(self) -> str: ...

    @property
    def text(self) -> str | None: ...

    @property
    def act_id(self) -> UUID | None: ...


T_co = TypeVar("T_co", bound=TimelineEntry, covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """What the author of a request last saw of it."""

    state: str = "unknown"
    entries: Sequence[T_co] = ()


def short(kind: type[Event]) -> str:
    """`request.registered` for `pt.postigo.request.registered.v1`."""
    return kind.TYPE.removeprefix(TYPE_PREFIX).removesuffix(".v1")
