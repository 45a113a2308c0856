"""The maker shape: each record makes at most a few new documents, on ids that a repetition derives again."""

from collections.abc import Callable, Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from services.common.contracts import Event
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import HandlerTable, IncomingRecord
from services.common.store import Collection, translate_store_errors
from services.common.store.client import DUPLICATE_KEY

Make = Callable[[Received[Any]], Sequence[dict[str, Any]]]


class Inserter(HandlerTable[Make]):
    """A table of what to make of each event: documents with an `_id` derived from it."""

    def make(self, received: Received[Event]) -> Sequence[dict[str, Any]]:
        make = self.of(received.event)
        return make(received) if make else ()


class InserterProcessor:
    """Inserts what a batch makes in one unordered bulk; what is already there stays as it is."""

    def __init__(self, maker: Inserter, collection: Collection) -> None:
        self._maker = maker
        self._collection = collection

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        made = {item["_id"]: item for incoming in batch for item in self._maker.make(incoming.received)}
        if not made:
            return []
        duplicates = 0
        try:
            with translate_store_errors():
                await self._collection.insert_many(list(made.values()), ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            duplicates = len(failures)
        ARMED and reach(Failpoint.MADE)
        return [Outcome.DUPLICATE] * duplicates + [Outcome.APPLIED] * (len(made) - duplicates)

    async def block(self, incoming: IncomingRecord) -> None:
        """Nothing waits behind a record that only makes something: its letter is kept for a redrive."""

    async def release(self, incoming: IncomingRecord) -> None:
        """Nothing ever waits."""

    async def free(self, key: str, position: Position) -> None:
        """Nothing ever waits."""
