"""Projections: events are merged into views, saved by compare-and-set. Views have no inbox, no outbox, and never block.

A merge function must be idempotent and commutative: repeated, late or reordered events must give the same view.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Generic

from services.common.domain.decision import S
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Keys, Outcome, record_key
from services.common.messaging.handlers.processor import (
    DiscardedRecord,
    HandlerTable,
    IncomingRecord,
    ReportsProgress,
    by_key,
    rounds,
)
from services.common.store import Change, Document, DocumentStore

Merge = Callable[[S | None, Received[Any]], S]


@dataclass(slots=True, kw_only=True)
class Projection(HandlerTable[Merge[S]]):
    """A view's table of merge functions. `keys` names the views that an event concerns."""

    keys: Keys = record_key


class ProjectionProcessor(ReportsProgress, Generic[S]):
    """Applies batches to one kind of view."""

    def __init__(self, projection: Projection[S], store: DocumentStore[S]) -> None:
        self._projection = projection
        self._store = store

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        handled = [incoming for incoming in batch if self._projection.of(incoming.received.event)]
        pairs = [(key, incoming) for incoming in handled for key in self._projection.keys(incoming.received)]
        for queues in rounds(by_key(pairs)):
            pending = queues
            while pending:
                documents = await self._store.load(list(pending))
                ARMED and reach(Failpoint.PROJECTION_LOADED)
                self.report_progress()
                changes = [self._merged(documents[key], queue) for key, queue in pending.items()]
                conflicts = await self._store.save([change for change in changes if change.dirty])
                ARMED and reach(Failpoint.PROJECTION_SAVED)
                self.report_progress()
                pending = {key: pending[key] for key in conflicts}
        return [Outcome.APPLIED] * len(pairs)

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> Sequence[Position]:
        """Do nothing: views publish nothing."""
        return ()

    async def block(self, incoming: IncomingRecord) -> None:
        """Do nothing: views never block. The record is in a dead letter, and a rebuild of the view applies it later."""

    async def unblock(self, incoming: IncomingRecord) -> None:
        """Do nothing: views never block."""

    async def discard(self, discarded: DiscardedRecord) -> None:
        """Do nothing: views never block."""

    def _merged(self, document: Document[S], queue: Sequence[IncomingRecord]) -> Change[S]:
        def merge_next(view: S | None, incoming: IncomingRecord) -> S | None:
            merge = self._projection.of(incoming.received.event)
            return view if merge is None else merge(view, incoming.received)

        view = reduce(merge_next, queue, document.state)
        if view == document.state:
            return Change(document, document)
        return Change(document, replace(document, state=view, partition=queue[-1].received.partition))
