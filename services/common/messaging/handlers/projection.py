"""The projection shape: events merged into a view, by compare-and-set. No inbox, no outbox, never blocked.

A merge must be a join: the same event again, late, or in another order ends in the same view.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Generic

from services.common.domain.decision import S
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Keys, Outcome, own_key
from services.common.messaging.handlers.processor import HandlerTable, IncomingRecord, ReportsProgress, by_key, rounds
from services.common.store import Change, Document, DocumentStore

Merge = Callable[[S | None, Received[Any]], S]


@dataclass(slots=True, kw_only=True)
class Projection(HandlerTable[Merge[S]]):
    """A view's table of merges; `keys` names the views an event touches."""

    keys: Keys = own_key


class ProjectionProcessor(ReportsProgress, Generic[S]):
    """Takes batches for one kind of view."""

    def __init__(self, projection: Projection[S], store: DocumentStore[S]) -> None:
        self._projection = projection
        self._store = store

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        merging = [incoming for incoming in batch if self._projection.of(incoming.received.event)]
        pairs = [(key, incoming) for incoming in merging for key in self._projection.keys(incoming.received)]
        for queues in rounds(by_key(pairs)):
            pending = queues
            while pending:
                documents = await self._store.load(list(pending))
                ARMED and reach(Failpoint.PROJECTION_LOADED)
                self.report_progress()
                changes = [self._merged(documents[key], queue) for key, queue in pending.items()]
                missed = await self._store.save([change for change in changes if change.dirty])
                ARMED and reach(Failpoint.PROJECTION_SAVED)
                self.report_progress()
                pending = {key: pending[key] for key in missed}
        return [Outcome.APPLIED] * len(pairs)

    async def block(self, incoming: IncomingRecord) -> None:
        """A view is never blocked: the letter alone is kept, and a rebuild fills the gap."""

    async def release(self, incoming: IncomingRecord) -> None:
        """Nothing ever waits."""

    async def free(self, key: str, position: Position) -> None:
        """Nothing ever waits."""

    def _merged(self, document: Document[S], queue: Sequence[IncomingRecord]) -> Change[S]:
        def step(view: S | None, incoming: IncomingRecord) -> S | None:
            merge = self._projection.of(incoming.received.event)
            return view if merge is None else merge(view, incoming.received)

        view = reduce(step, queue, document.state)
        if view == document.state:
            return Change(document, document)
        return Change(document, replace(document, state=view, partition=queue[-1].received.partition))
