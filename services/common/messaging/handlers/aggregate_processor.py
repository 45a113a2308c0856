"""The aggregate shape: load, decide, save by compare-and-set, publish the outbox, and only then the offset.

A crash anywhere is redelivered: what was saved is found in the inbox and only sent again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Generic

from services.common.contracts import Event
from services.common.domain.decision import S
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Aggregate, End, Fold, parked
from services.common.messaging.handlers.processor import Queues, Stepwise, Taken, by_key, rounds
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetters, Letter
from services.common.store import Change, Document, DocumentStore

PARKED = "blocked"
"""The reason on the dead letter of a record that only waits for an earlier one of its document."""


class AggregateConsumer(Stepwise, Generic[S]):
    """Takes batches for one kind of document: concurrent across keys, in order within a key."""

    def __init__(
        self, aggregate: Aggregate[S], store: DocumentStore[S], publisher: Publisher, letters: DeadLetters
    ) -> None:
        self.aggregate = aggregate
        self.store = store
        self._publisher = publisher
        self._letters = letters

    async def take(self, batch: Sequence[Taken]) -> list[End]:
        ends: list[End] = []
        pairs = [(target, taken) for taken in batch for target in self.aggregate.targets(taken.received)]
        for queues in rounds(by_key(pairs)):
            documents = await self._load(queues)
            ARMED and reach(Failpoint.LOADED)
            self.moved()
            ends += await self._save(queues, documents)
            ARMED and reach(Failpoint.SAVED)
            self.moved()
            await self.publish(list(documents.values()))
        return ends

    async def publish(self, documents: Sequence[Document[S]]) -> None:
        """Send whole outboxes, oldest event first, and clear what was acknowledged."""
        unsent = [document for document in documents if document.outbox]
        if not unsent:
            return
        await self._publisher.send([event for document in unsent for event in document.outbox])
        ARMED and reach(Failpoint.PUBLISHED)
        self.moved()
        await self.store.clear({document.key: [event.id for event in document.outbox] for document in unsent})
        ARMED and reach(Failpoint.CLEARED)
        self.moved()

    async def block(self, taken: Taken) -> None:
        """Block the record's documents: their later records wait behind it, in order."""
        await self._amend(self.aggregate.targets(taken.received), partial(_blocked, received=taken.received))

    async def release(self, taken: Taken) -> None:
        """Take the record off the lists of its documents: what waits behind it is next."""
        ended = taken.received.position
        await self._amend(self.aggregate.targets(taken.received), partial(_released, ended=ended))

    async def free(self, key: str, position: Position) -> None:
        """Take the record that first lay at `position` off the list of this document."""
        await self._amend([key], partial(_released, ended=position))

    async def _amend(self, keys: Sequence[str], amended: Callable[[Document[S]], Change[S]]) -> None:
        missed = set(keys)
        while missed:
            documents = await self.store.load(list(missed))
            ARMED and reach(Failpoint.BLOCKED_LOADED)
            changes = [amended(document) for document in documents.values()]
            missed = await self.store.save([change for change in changes if change.dirty])
            ARMED and reach(Failpoint.BLOCKED)

    async def _load(self, queues: Queues) -> dict[str, Document[S]]:
        """The documents; one that its first record begins is taken for a new one."""
        begins = self.aggregate.begins
        new = {key: Document[S](key) for key, queue in queues.items() if type(queue[0].received.event) in begins}
        if len(new) == len(queues):
            return new
        return new | await self.store.load([key for key in queues if key not in new])

    async def _save(self, queues: Queues, documents: dict[str, Document[S]]) -> list[End]:
        """Decide and save until every key's compare-and-set holds; `documents` ends as what is stored."""
        ends: list[End] = []
        pending = queues
        while pending:
            folds = await self._folded(pending, documents)
            ARMED and reach(Failpoint.FOLDED)
            await self._publisher.require({event.topic for fold in folds.values() for event in fold.change.said})
            ARMED and reach(Failpoint.TOPICS_KNOWN)
            await self._park(pending, folds)
            ARMED and reach(Failpoint.PARKED)
            changes = [fold.change for fold in folds.values() if fold.change.dirty]
            if crowded := self.store.crowded(changes):
                await self._make_room(crowded)
                ARMED and reach(Failpoint.TIMELINES_MOVED)
            missed = await self.store.save(changes)
            for key, fold in folds.items():
                if key not in missed:
                    documents[key] = fold.change.after
                    ends += fold.ends
            pending = {key: pending[key] for key in missed}
            if missed:
                ARMED and reach(Failpoint.MISSED)
                await self._reload(documents, missed)
        return ends

    async def _make_room(self, crowded: Sequence[str]) -> None:
        found = await self.store.timelines_of(crowded)
        ARMED and reach(Failpoint.TIMELINES_READ)
        await self.store.move_timelines(found)

    async def _folded(self, pending: Queues, documents: dict[str, Document[S]]) -> dict[str, Fold[S]]:
        """The folds. What fails on a document that was taken for new is decided again on the one that is stored."""
        folds: dict[str, Fold[S]] = {}
        unsure: list[str] = []
        for key, queue in pending.items():
            try:
                folds[key] = self._fold(key, documents[key], queue)
            except Exception:
                if documents[key].version:
                    raise
                unsure.append(key)
        if unsure:
            documents |= await self.store.load(unsure)
            folds |= {key: self._fold(key, documents[key], pending[key]) for key in unsure}
        return folds

    def _fold(self, key: str, document: Document[S], queue: Sequence[Taken]) -> Fold[S]:
        return self.aggregate.fold(document, [_aimed(taken.received, key) for taken in queue])

    async def _park(self, queues: Queues, folds: dict[str, Fold[S]]) -> None:
        """Records behind a blocked document go to the dead letters before the list that names them is saved."""
        waiting = {received.position for fold in folds.values() for received in fold.park}
        if not waiting:
            return
        records = {taken.received.position: taken for queue in queues.values() for taken in queue}
        await self._letters.send([Letter.of(taken, PARKED) for place, taken in records.items() if place in waiting])
        ARMED and reach(Failpoint.PARKED_LETTERS_SENT)

    async def _reload(self, documents: dict[str, Document[S]], missed: set[str]) -> None:
        for key, fresh in (await self.store.load(list(missed))).items():
            if fresh.version == documents[key].version:
                raise RuntimeError(f"a save missed although version {fresh.version} is what is stored")
            documents[key] = fresh


def _aimed(received: Received[Event], key: str) -> Received[Event]:
    return received if received.target == key else received._replace(target=key)


def _blocked(document: Document[S], received: Received[Event]) -> Change[S]:
    waiting = parked(received)
    if waiting.position in {each.position for each in document.blocked}:
        return Change(document, document)
    return Change(document, replace(document, partition=received.partition, blocked=(*document.blocked, waiting)))


def _released(document: Document[S], ended: Position) -> Change[S]:
    place = (ended.topic, ended.partition, ended.offset)
    left = tuple(each for each in document.blocked if each.position != place)
    if left == document.blocked:
        return Change(document, document)
    return Change(document, replace(document, blocked=left))
