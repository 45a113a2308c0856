"""What a subscription asks of the three shapes that consume records: aggregate, projection, maker."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

from services.common.contracts import Event
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.records.positions import position_of

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

ROUND: Final = 32
"""Records of one key decided on in one save; the rest go in the batch's next round."""


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class HandlerTable(Generic[F]):
    """Which function an event goes to; a base class stands for all its events."""

    _functions: dict[type[Event], F] = field(default_factory=dict)

    def on(self, *events: type[Event]) -> Callable[[F], F]:
        def register(function: F) -> F:
            self._functions.update(dict.fromkeys(events, function))
            return function

        return register

    def of(self, event: Event) -> F | None:
        return next((self._functions[kind] for kind in type(event).__mro__ if kind in self._functions), None)


class IncomingRecord(NamedTuple):
    """A readable event on its way through a shape, beside the record it came as (a timer came as none)."""

    received: Received[Event]
    record: "ConsumerRecord[bytes, bytes] | None"

    @property
    def redriven(self) -> bool:
        """Whether the record lay elsewhere first, and was appended again by an operator."""
        return self.record is not None and self.received.position != position_of(self.record)


class Processor(Protocol):
    """`process` raises `Unavailable` (try again), `Poison` (this record), or anything else (our bug).

    It may be given the same records again, in whole or in part, and then changes nothing a second time.
    """

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        """Apply the batch and publish what it said; how each record ended."""
        ...

    async def block(self, incoming: IncomingRecord) -> None:
        """Let later records of the same documents wait behind one that our own bug cannot apply; its letter is sent."""
        ...

    async def release(self, incoming: IncomingRecord) -> None:
        """Let nothing wait any longer behind a redriven record that ended as a dead letter once more."""
        ...

    async def free(self, key: str, position: Position) -> None:
        """Let a document wait no longer for the record that first lay at `position`: an operator gave it up."""
        ...


class ReportsProgress:
    """A shape whose batch takes several steps. `report_progress` is called after each: an engine is slow, and nothing hangs."""

    report_progress: Callable[[], None] = staticmethod(lambda: None)


Queues = dict[str, list[IncomingRecord]]


def rounds(queues: Queues) -> Iterator[Queues]:
    """Cut every key's queue into rounds of at most 32 records, in order."""
    while queues:
        yield {key: queue[:ROUND] for key, queue in queues.items()}
        queues = {key: queue[ROUND:] for key, queue in queues.items() if len(queue) > ROUND}


def by_key(pairs: Sequence[tuple[str, IncomingRecord]]) -> Queues:
    queues: defaultdict[str, list[IncomingRecord]] = defaultdict(list)
    for key, incoming in pairs:
        queues[key].append(incoming)
    return dict(queues)
