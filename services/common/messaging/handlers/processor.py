"""The interface between a subscription and the three processors: aggregate, projection, inserter."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

from services.common.contracts import Event
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.records.positions import position_of

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

ROUND_SIZE: Final = 32
"""Maximum records of one key applied in one save; the others of the batch follow in its next rounds."""


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class HandlerTable(Generic[F]):
    """Maps events to functions. A function registered for a base class handles all its events."""

    _functions: dict[type[Event], F] = field(default_factory=dict)

    def on(self, *events: type[Event]) -> Callable[[F], F]:
        def register(function: F) -> F:
            self._functions.update(dict.fromkeys(events, function))
            return function

        return register

    def of(self, event: Event) -> F | None:
        return next((self._functions[kind] for kind in type(event).__mro__ if kind in self._functions), None)


class IncomingRecord(NamedTuple):
    """A parsed event with the Kafka record that carried it; `record` is None for a timer."""

    received: Received[Event]
    record: "ConsumerRecord[bytes, bytes] | None"

    @property
    def redriven(self) -> bool:
        """Whether an operator appended the record again: its original position then differs."""
        return self.record is not None and self.received.position != position_of(self.record)


class DiscardedRecord(NamedTuple):
    """A dead-lettered record that an operator discarded.

    `document`: the key of the document in whose blocked list it is. `received` is None if the content of the record was not
    appended again: its dead letter is gone, or it may not be parsed.
    """

    document: str
    record: PoisonRecord
    received: Received[Event] | None


class Processor(Protocol):
    """Applies records to documents.

    `process` raises `Unavailable` (retry the batch), `Poison` (this record can never be applied), or anything else (our
    bug). It must be idempotent: it may get the same records again, all or some of them.
    """

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        """Apply the batch and publish its events. Returns one outcome for each record and document."""
        ...

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> Collection[Position]:
        """Answer the authors of poison records. Returns the positions of those that could not be answered."""
        ...

    async def block(self, incoming: IncomingRecord) -> None:
        """Park a record that our own bug cannot apply, after its dead letter was sent.

        Its documents are blocked: their later records are parked behind it, in order, until it is redriven.
        """
        ...

    async def unblock(self, incoming: IncomingRecord) -> None:
        """Take a redriven record off its documents' blocked lists: it turned out to be poison, and is dead-lettered."""
        ...

    async def discard(self, discarded: DiscardedRecord) -> None:
        """Take a record that an operator discarded off its document's blocked list, and answer its author."""
        ...


class ReportsProgress:
    """Base of processors that need several steps for a batch.

    They call `report_progress` after each step, so that a slow engine is not mistaken for a hung consumer.
    """

    report_progress: Callable[[], None] = staticmethod(lambda: None)


Queues = dict[str, list[IncomingRecord]]
"""Document key → its records, in order."""


def rounds(queues: Queues) -> Iterator[Queues]:
    """Split every key's queue into rounds of at most `ROUND_SIZE` records, in order."""
    while queues:
        yield {key: queue[:ROUND_SIZE] for key, queue in queues.items()}
        queues = {key: queue[ROUND_SIZE:] for key, queue in queues.items() if len(queue) > ROUND_SIZE}


def by_key(pairs: Sequence[tuple[str, IncomingRecord]]) -> Queues:
    """Group (document key, record) pairs by key, in order."""
    queues: defaultdict[str, list[IncomingRecord]] = defaultdict(list)
    for key, incoming in pairs:
        queues[key].append(incoming)
    return dict(queues)
