"""Inserters: each event creates a few new documents. Their ids are derived, so that a repeated event creates no more."""

from collections.abc import Callable, Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from services.common.contracts import Event
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import HandlerTable, IncomingRecord
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
    """Inserts the documents of a batch in one unordered bulk write. Existing documents stay unchanged."""

    def __init__(self, inserter: Inserter, collection: Collection) -> None:
        self._inserter = inserter
        self._collection = collection

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        documents = {
            document["_id"]: document for incoming in batch for document in self._inserter.documents(incoming.received)
        }
        if not documents:
            return []
        duplicates = 0
        try:
            with translate_store_errors():
                await self._collection.insert_many(list(documents.values()), ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            duplicates = len(failures)
        ARMED and reach(Failpoint.INSERTED)
        return [Outcome.DUPLICATE] * duplicates + [Outcome.APPLIED] * (len(documents) - duplicates)

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> None:
        """Do nothing: inserters publish nothing."""

    async def block(self, incoming: IncomingRecord) -> None:
        """Do nothing: no other record depends on this one. Its dead letter can be redriven."""

    async def unblock(self, incoming: IncomingRecord) -> None:
        """Do nothing: nothing is ever blocked."""

    async def discard_parked(self, key: str, position: Position) -> None:
        """Do nothing: nothing is ever blocked."""
