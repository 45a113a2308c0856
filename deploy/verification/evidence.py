"""The evidence of a history: what people sent and saw, the records on the topics, the stored documents, the mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
REOPENING: Final = "reopening"
RATING: Final = "rating"

LEFT_OPEN: Final[Mapping[str, State]] = {
    "COR": State.AWAITING_DOCUMENTS,
    "IND": State.IN_ANALYSIS,
    "ALT": State.ANSWERED,
}
"""By reason: where the reference department leaves a request whose author does nothing more. It waits for documents, in a hearing,
or with an answer that its author may come back on.
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person sent; `sha256` is hexadecimal, of the sent bytes."""

    document_id: UUID
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Act:
    """An act on a filed request. `act_id` is None if the gateway never acknowledged it.

    `items`: by number of an asked document, the files of the message that are for it. `score`: that of a rating.
    """

    kind: str
    act_id: str | None
    text: str | None = None
    files: Sequence[File] = ()
    items: Mapping[int, Sequence[UUID]] = field(default_factory=dict)
    score: int | None = None

    @property
    def documents(self) -> tuple[UUID, ...]:
        return tuple(file.document_id for file in self.files)


@dataclass(frozen=True, slots=True)
class Submission:
    """A request as its author sent it. `reference` and `request_id` are None if the gateway never acknowledged it.

    `account`: the author's key in the demonstration's data. `department`: the one that must get the request.
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
    """All answers that the author got, with their times; only for reports."""

    @property
    def name(self) -> str:
        return self.reference or f"request {self.number} (no reference)"

    @property
    def documents(self) -> tuple[UUID, ...]:
        """The ids of the files that the submit names."""
        return tuple(file.document_id for file in self.files)

    @property
    def all_files(self) -> Sequence[File]:
        """The files of the submit and those of all later messages."""
        return (*self.files, *(file for act in self.acts for file in act.files))

    @property
    def ends(self) -> frozenset[State]:
        """The allowed final states. The reference department resolves every request, or waits for its author; a withdrawal may
        come too late.
        """
        withdrawn = {State.WITHDRAWN} if any(act.kind == WITHDRAWAL for act in self.acts) else set()
        left_open = {LEFT_OPEN[self.reason]} if self.reason in LEFT_OPEN else set()
        return frozenset({State.CONCLUDED} | withdrawn | left_open)


@dataclass(frozen=True, slots=True)
class Record:
    """A record on a topic. `cause`: the id of the event that caused it. `received`: None if the record is unreadable."""

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
        """The event of a record that is known to be a lifecycle fact."""
        assert isinstance(self.event, LifecycleFact)
        return self.event


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter: the group that rejected the record at `position`, and why. `key`: the key of the record."""

    group: str
    position: Position
    reason: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in a store. `inbox`: ids in the order of processing. `unsent`: the ids in its outbox.

    `blocked`: the number of records that it waits for.
    """

    key: str
    state: Mapping[str, Any] | None
    inbox: Sequence[str] = ()
    unsent: Sequence[str] = ()
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Lag:
    """Records of a partition that a group has not committed: `records` of them, from the offset `first` on."""

    group: str
    topic: str
    partition: int
    first: int
    records: int

    def includes(self, position: Position) -> bool:
        return (position.topic, position.partition) == (self.topic, self.partition) and position.offset >= self.first


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was sent. `delivery_id`: the part of its Message-ID before the `@`. `text`: its subject and all its parts."""

    delivery_id: str
    to: str
    reference: str
    text: str = ""


class TimelineEntry(Protocol):
    """An entry of the timeline that the author reads."""

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
    """What the author of a request saw of it last."""

    state: str = "unknown"
    entries: Sequence[T_co] = ()


def short(kind: type[Event]) -> str:
    """`request.registered` for `pt.postigo.request.registered.v1`."""
    return kind.TYPE.removeprefix(TYPE_PREFIX).removesuffix(".v1")
