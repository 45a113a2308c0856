"""The recorded history of one schedule: what people were told, what lies on the topics, and what the stores kept.

Everything here is data that lies still; nothing asks an engine. Every verdict follows from it alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from deploy.demo.data import DemoRequest
from deploy.demo.evidence import Mail
from services.common.contracts import Event
from services.common.contracts.lifecycle import LifecycleFact, State
from services.common.domain.position import Position
from services.common.domain.received import Received

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies on a topic. `cause` is the id of what made its author say it; `received` is None for what
    cannot be read. `again`: the schedule appended it a second time, as a network or a tool might.
    """

    position: Position
    at: datetime
    key: str
    id: str
    type: str
    cause: str
    digest: bytes
    received: Received[Any] | None
    again: bool = False

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
class Letter:
    """A dead letter: which group could not apply the record at `position`, and why."""

    group: str
    position: Position
    reason: str


@dataclass(frozen=True, slots=True)
class Acted:
    """Something a person did with their request. `act_id` is None while nobody has acknowledged it."""

    kind: str
    act_id: str | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its author wrote it, and the reference they were given; None when they never were.

    `ends` are the states to which its script may lead.
    """

    number: int
    account_id: UUID
    row: DemoRequest
    documents: tuple[UUID, ...] = ()
    reference: str | None = None
    request_id: UUID | None = None
    acts: tuple[Acted, ...] = ()
    ends: frozenset[State] = frozenset({State.CONCLUDED})
    told: tuple[tuple[datetime, str], ...] = ()
    """Every answer its author got, and when: for people to read."""

    @property
    def name(self) -> str:
        return self.reference or f"request {self.number} (no reference)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as a store kept it: `inbox` in the order of what it decided on, `unsent` the ids in its outbox."""

    key: str
    state: Mapping[str, Any] | None
    inbox: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Behind:
    """Records of a topic that a group never took."""

    group: str
    topic: str
    partition: int
    records: int


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the schedule, as it was performed."""

    at: datetime
    what: str


@dataclass(frozen=True)
class History:
    """`records` in the order of topic, partition and offset. `kept` by consumer group, then by document key."""

    asked: Sequence[Asked] = ()
    records: Sequence[Record] = ()
    letters: Sequence[Letter] = ()
    poisoned: frozenset[Position] = frozenset()
    kept: Mapping[str, Mapping[str, Kept]] = field(default_factory=dict)
    behind: Sequence[Behind] = ()
    mails: Sequence[Mail] = ()
    strange_answers: Sequence[str] = ()
    """Answers that nobody should ever get, in short."""
    done: Sequence[Done] = ()

    @cached_property
    def filed(self) -> Sequence[Asked]:
        """What was acknowledged."""
        return [asked for asked in self.asked if asked.request_id is not None]

    @cached_property
    def by_request(self) -> Mapping[str, Asked]:
        return {str(asked.request_id): asked for asked in self.filed}

    @cached_property
    def firsts(self) -> Sequence[Record]:
        """Each event where it first lies: delivery is at least once, and a record said again is the same event."""
        first: dict[tuple[str, str], Record] = {}
        for record in self.records:
            if record.position not in self.poisoned:
                first.setdefault((record.topic, record.id), record)
        return list(first.values())

    @cached_property
    def _by_key(self) -> Mapping[str, Sequence[Record]]:
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            found[record.key].append(record)
        return found

    @cached_property
    def caused(self) -> Mapping[str, Sequence[Record]]:
        """What was said because of an event, by that event's id."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.firsts:
            found[record.cause].append(record)
        return found

    @cached_property
    def set_aside(self) -> frozenset[tuple[str, Position]]:
        """Group and position of every record that has a dead letter."""
        return frozenset((letter.group, letter.position) for letter in self.letters)

    def about(self, key: UUID | str | None, *kinds: type[E]) -> list[Record]:
        """The distinct events about a request of these kinds, in the order of each topic."""
        return [record for record in self._by_key.get(str(key), ()) if isinstance(record.event, kinds)]

    def every(self, *kinds: type[E]) -> Iterator[Record]:
        return (record for record in self.firsts if isinstance(record.event, kinds))

    def life(self, key: UUID | str | None) -> list[Record]:
        """The facts of a request's life in the order in which they were first said."""
        return self.about(key, LifecycleFact)

    def document(self, group: str, key: object) -> Kept | None:
        return self.kept.get(group, {}).get(str(key))

    def name(self, key: str) -> str:
        """How people call the request of this key."""
        asked = self.by_request.get(key)
        return asked.name if asked else f"request {key}"


def repeated(names: Iterable[Any]) -> list[Any]:
    """What occurs more than once."""
    return [name for name, times in Counter(names).items() if times > 1]
