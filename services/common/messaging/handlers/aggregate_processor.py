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
from services.common.messaging.handlers.aggregate import Aggregate, Fold, Outcome, parked
from services.common.messaging.handlers.processor import IncomingRecord, Queues, ReportsProgress, by_key, rounds
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import DeadLetter, DeadLetters
from services.common.store import Change, Document, DocumentStore

PARKED = "blocked"
"""The reason on the dead letter of a record that only waits for an earlier one of its document."""


class AggregateProcessor(ReportsProgress, Generic[S]):
    """Takes batches for one kind of document: concurrent across keys, in order within a key."""

    def __init__(
        self, aggregate: Aggregate[S], store: DocumentStore[S], publisher: Publisher, letters: DeadLetters
    ) -> None:
        self.aggregate = aggregate
        self.store = store
        self._publisher = publisher
        self._letters = letters

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        ends: list[Outcome] = []
        pairs = [(target, incoming) for incoming in batch for target in self.aggregate.targets(incoming.received)]
        for queues in rounds(by_key(pairs)):
            documents = await self._load(queues)
            ARMED and reach(Failpoint.LOADED)
            self.report_progress()
            ends += await self._save(queues, documents)
            ARMED and reach(Failpoint.SAVED)
            self.report_progress()
            await self.publish(list(documents.values()))
        return ends

    async def publish(self, documents: Sequence[Document[S]]) -> None:
        """Send whole outboxes, oldest event first, and clear what was acknowledged."""
        unsent = [document for document in documents if document.outbox]
        if not unsent:
            return
        await self._publisher.send([event for document in unsent for event in document.outbox])
        ARMED and reach(Failpoint.PUBLISHED)
        self.report_progress()
        await self.store.clear({document.key: [event.id for event in document.outbox] for document in unsent})
        ARMED and reach(Failpoint.CLEARED)
        self.report_progress()

    async def block(self, incoming: IncomingRecord) -> None:
        """Block the record's documents: their later records wait behind it, in order."""
        await self._amend(self.aggregate.targets(incoming.received), partial(_blocked, received=incoming.received))

    async def release(self, incoming: IncomingRecord) -> None:
        """Take the record off the lists of its documents: what waits behind it is next."""
        ended = incoming.received.position
        await self._amend(self.aggregate.targets(incoming.received), partial(_released, ended=ended))

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
        created_by = self.aggregate.created_by
        new = {key: Document[S](key) for key, queue in queues.items() if type(queue[0].received.event) in created_by}
        if len(new) == len(queues):
            return new
        return new | await self.store.load([key for key in queues if key not in new])

    async def _save(self, queues: Queues, documents: dict[str, Document[S]]) -> list[Outcome]:
        """Decide and save until every key's compare-and-set holds; `documents` ends as what is stored."""
        ends: list[Outcome] = []
        pending = queues
        while pending:
            folds = await self._folded(pending, documents)
            ARMED and reach(Failpoint.FOLDED)
            await self._publisher.require({event.topic for fold in folds.values() for event in fold.change.said})
            ARMED and reach(Failpoint.TOPICS_KNOWN)
            await self._park(pending, folds)
            ARMED and reach(Failpoint.PARKED)
            changes = [fold.change for fold in folds.values() if fold.change.dirty]
            if needs_spill := self.store.needs_spill(changes):
                await self._make_room(needs_spill)
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

    async def _make_room(self, needs_spill: Sequence[str]) -> None:
        found = await self.store.timelines_of(needs_spill)
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

    def _fold(self, key: str, document: Document[S], queue: Sequence[IncomingRecord]) -> Fold[S]:
        return self.aggregate.fold(document, [_aimed(incoming.received, key) for incoming in queue])

    async def _park(self, queues: Queues, folds: dict[str, Fold[S]]) -> None:
        """Records behind a blocked document go to the dead letters before the list that names them is saved."""
        waiting = {received.position for fold in folds.values() for received in fold.park}
        if not waiting:
            return
        records = {incoming.received.position: incoming for queue in queues.values() for incoming in queue}
        await self._letters.send(
            [DeadLetter.of(incoming, PARKED) for place, incoming in records.items() if place in waiting]
        )
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
