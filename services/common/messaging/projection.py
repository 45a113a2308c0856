"""The projection shape: events merged into a view, by compare-and-set. No inbox, no outbox, never blocked.

A merge must be a join: the same event again, late, or in another order ends in the same view.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Generic, TypeVar

from services.common.contracts import Event
from services.common.messaging.aggregate import End, Keys, own_key
from services.common.messaging.decision import S
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.record import Received
from services.common.messaging.shape import Taken, by_key, rounds
from services.common.store import Change, Document, DocumentStore

E = TypeVar("E", bound=Event)
Merge = Callable[[S | None, Received[E]], S]


@dataclass(slots=True)
class Projection(Generic[S]):
    """A view's table of merges, one for each event (a base class stands for all its events)."""

    state: type[S]
    keys: Keys = own_key
    _merges: dict[type[Event], Merge[S, Any]] = field(default_factory=dict)

    def on(self, *events: type[E]) -> Callable[[Merge[S, E]], Merge[S, E]]:
        def register(merge: Merge[S, E]) -> Merge[S, E]:
            self._merges.update(dict.fromkeys(events, merge))
            return merge

        return register

    def merge_of(self, event: Event) -> Merge[S, Any] | None:
        return next((self._merges[kind] for kind in type(event).__mro__ if kind in self._merges), None)


class ProjectionConsumer(Generic[S]):
    """Takes batches for one kind of view."""

    def __init__(self, projection: Projection[S], store: DocumentStore[S]) -> None:
        self._projection = projection
        self._store = store

    async def take(self, batch: Sequence[Taken]) -> list[End]:
        merging = [taken for taken in batch if self._projection.merge_of(taken.received.event)]
        pairs = [(key, taken) for taken in merging for key in self._projection.keys(taken.received)]
        for queues in rounds(by_key(pairs)):
            pending = queues
            while pending:
                documents = await self._store.load(list(pending))
                ARMED and reach(Failpoint.PROJECTION_LOADED)
                changes = [self._merged(documents[key], queue) for key, queue in pending.items()]
                missed = await self._store.save([change for change in changes if change.dirty])
                ARMED and reach(Failpoint.PROJECTION_SAVED)
                pending = {key: pending[key] for key in missed}
        return [End.APPLIED] * len(pairs)

    async def block(self, taken: Taken) -> None:
        """A view is never blocked: the letter alone is kept, and a rebuild fills the gap."""

    def _merged(self, document: Document[S], queue: Sequence[Taken]) -> Change[S]:
        def step(view: S | None, taken: Taken) -> S | None:
            merge = self._projection.merge_of(taken.received.event)
            return view if merge is None else merge(view, taken.received)

        view = reduce(step, queue, document.state)
        if view == document.state:
            return Change(document, document)
        return Change(document, replace(document, state=view, partition=queue[-1].received.partition))
