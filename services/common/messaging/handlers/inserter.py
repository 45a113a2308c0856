"""Inserters: each event creates a few new documents. Their ids are derived, so that a repeated event creates no more."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from services.common.contracts import Event
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import DiscardedRecord, HandlerTable, IncomingRecord
from services.common.store import Collection, translate_store_errors
from services.common.store.client import DUPLICATE_KEY

Create = Callable[[Received[Any]], Sequence[dict[str, Any]]]


class Inserter(HandlerTable[Create]):
    """Maps each event to a function that creates documents, each with an `_id` derived from the event."""

    def documents(self, received: Received[Event]) -> Sequence[dict[str, Any]]:
        """The documents that the event creates; none if no function is registered for it."""
        create = self.of(received.event)
        return create(received) if create else ()


class InserterProcessor:
    """Inserts the documents of a batch in unordered bulk writes. Existing documents stay unchanged.

    The documents of one key's events are inserted in the order of its events, each event in a further bulk write: a reader who
    sees the documents of an event sees those of all earlier events of its key. Most batches take one or two writes.
    """

    def __init__(self, inserter: Inserter, collection: Collection) -> None:
        self._inserter = inserter
        self._collection = collection

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for documents in self._rounds(batch):
            outcomes += await self._insert(documents)
            ARMED and reach(Failpoint.INSERTED)
        return outcomes

    def _rounds(self, batch: Sequence[IncomingRecord]) -> list[dict[str, dict[str, Any]]]:
        """The documents by their id: in each round those of the next event of each key."""
        rounds: list[dict[str, dict[str, Any]]] = []
        reached: Counter[str] = Counter()
        for incoming in batch:
            if documents := self._inserter.documents(incoming.received):
                turn = reached[incoming.received.key]
                reached[incoming.received.key] += 1
                if turn == len(rounds):
                    rounds.append({})
                rounds[turn] |= {document["_id"]: document for document in documents}
        return rounds

    async def _insert(self, documents: dict[str, dict[str, Any]]) -> list[Outcome]:
        duplicates = 0
        try:
            with translate_store_errors():
                await self._collection.insert_many(list(documents.values()), ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            duplicates = len(failures)
        return [Outcome.DUPLICATE] * duplicates + [Outcome.APPLIED] * (len(documents) - duplicates)

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> Sequence[Position]:
        """Do nothing: inserters publish nothing."""
        return ()

    async def block(self, incoming: IncomingRecord) -> None:
        """Do nothing: no other record depends on this one. Its dead letter can be redriven."""

    async def unblock(self, incoming: IncomingRecord) -> None:
        """Do nothing: nothing is ever blocked."""

    async def discard(self, discarded: DiscardedRecord) -> None:
        """Do nothing: nothing is ever blocked."""
