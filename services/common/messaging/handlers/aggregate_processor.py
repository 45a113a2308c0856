"""Applies batches to aggregates: load, decide, save by compare-and-set, publish the outbox. The offsets follow.

After a crash at any step the records are redelivered. The inbox recognises what was saved, and unpublished events are
still in the outbox.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Generic

import structlog

from services.common.contracts import Event
from services.common.domain.decision import S
from services.common.domain.errors import TopicMissing
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.domain.received import Received
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Aggregate, Fold, Outcome
from services.common.messaging.handlers.blocked import with_parked, without_parked
from services.common.messaging.handlers.processor import (
    DiscardedRecord,
    IncomingRecord,
    Queues,
    ReportsProgress,
    by_key,
    rounds,
)
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.dead_letters import PARKED, DeadLetter, DeadLetters
from services.common.store import Change, Document, DocumentStore, OutboxEntry

log = structlog.get_logger()


class AggregateProcessor(ReportsProgress, Generic[S]):
    """Applies batches to one kind of document: all keys at once, the records of one key in order."""

    def __init__(
        self, aggregate: Aggregate[S], store: DocumentStore[S], publisher: Publisher, letters: DeadLetters
    ) -> None:
        self.aggregate = aggregate
        self.store = store
        self._publisher = publisher
        self._letters = letters

    async def process(self, batch: Sequence[IncomingRecord]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        pairs = [(target, incoming) for incoming in batch for target in self.aggregate.targets(incoming.received)]
        for queues in rounds(by_key(pairs)):
            documents = await self._load(queues)
            ARMED and reach(Failpoint.LOADED)
            self.report_progress()
            outcomes += await self._save(queues, documents)
            ARMED and reach(Failpoint.SAVED)
            self.report_progress()
            await self.publish(list(documents.values()))
        return outcomes

    async def publish(self, documents: Sequence[Document[S]]) -> None:
        """Publish all outbox entries of `documents`, oldest first, and remove those that were acknowledged."""
        unsent = [document for document in documents if document.outbox]
        if not unsent:
            return
        await self._publisher.send([event for document in unsent for event in document.outbox])
        ARMED and reach(Failpoint.PUBLISHED)
        self.report_progress()
        await self.store.clear({document.key: [event.id for event in document.outbox] for document in unsent})
        ARMED and reach(Failpoint.CLEARED)
        self.report_progress()

    async def answer_poison(self, poison: Sequence[PoisonRecord]) -> Collection[Position]:
        """Publish the answers to poison records. Returns the positions of those whose topic is missing."""
        by_topic: defaultdict[str, list[tuple[Position, OutboxEntry]]] = defaultdict(list)
        for each in poison:
            for answer in self.aggregate.answers(each):
                by_topic[answer.topic].append((each.position, answer))
        unanswered: set[Position] = set()
        for topic, answers in by_topic.items():
            if not await self._answer(topic, [answer for _, answer in answers]):
                unanswered |= {position for position, _ in answers}
        return unanswered

    async def _answer(self, topic: str, answers: Sequence[OutboxEntry]) -> bool:
        """One missing topic must neither stop the consumer, as an unanswered send would, nor cost others their answers."""
        try:
            await self._publisher.require({topic})
            ARMED and reach(Failpoint.TOPICS_KNOWN)
            await self._publisher.send(answers)
        except TopicMissing as missing:
            log.critical("a poison record cannot be answered", because=str(missing))
            return False
        return True

    async def block(self, incoming: IncomingRecord) -> None:
        """Park the record: its documents' later records are parked behind it, in order."""
        await self._update(self.aggregate.targets(incoming.received), partial(with_parked, received=incoming.received))

    async def unblock(self, incoming: IncomingRecord) -> None:
        """Take the record off the blocked lists of its documents."""
        position = incoming.received.position
        await self._update(self.aggregate.targets(incoming.received), partial(without_parked, position=position))

    async def discard(self, discarded: DiscardedRecord) -> None:
        """Take the record off its document's blocked list, and answer its author.

        If a topic is missing the record stays parked, which the operator's command reports.
        """
        key, record, received = discarded
        await (self._discard_unread(key, record) if received is None else self._discard(key, received))

    async def _discard(self, key: str, received: Received[Event]) -> None:
        """One save takes the record off the list and adds its answer to the outbox."""
        try:
            documents = await self._update([key], partial(self.aggregate.discard, received=received))
            ARMED and reach(Failpoint.DISCARDED_SAVED)
            await self.publish(documents)
        except TopicMissing as missing:
            log.critical("a discarded record cannot be answered", because=str(missing))

    async def _discard_unread(self, key: str, record: PoisonRecord) -> None:
        """Answer by the record's position first, because no outbox has the answer: a crash in between repeats both."""
        if not await self.answer_poison([record]):
            ARMED and reach(Failpoint.DISCARDED_ANSWERED)
            await self._update([key], partial(without_parked, position=record.position))

    async def _update(self, keys: Sequence[str], change_of: Callable[[Document[S]], Change[S]]) -> list[Document[S]]:
        """Load, change and save the documents; retry those with a version conflict. Returns them as stored."""
        stored: list[Document[S]] = []
        pending = set(keys)
        while pending:
            documents = await self.store.load(list(pending))
            ARMED and reach(Failpoint.BLOCKED_LOADED)
            changes = [change_of(document) for document in documents.values()]
            await self._publisher.require({event.topic for change in changes for event in change.new_events})
            ARMED and reach(Failpoint.TOPICS_KNOWN)
            pending = await self.store.save([change for change in changes if change.dirty])
            ARMED and reach(Failpoint.BLOCKED)
            stored += [change.after for change in changes if change.after.key not in pending]
        return stored

    async def _load(self, queues: Queues) -> dict[str, Document[S]]:
        """Load the documents, except those whose first record is a creation event: these are assumed to be new."""
        created_by = self.aggregate.created_by
        new = {key: Document[S](key) for key, queue in queues.items() if type(queue[0].received.event) in created_by}
        if len(new) == len(queues):
            return new
        return new | await self.store.load([key for key in queues if key not in new])

    async def _save(self, queues: Queues, documents: dict[str, Document[S]]) -> list[Outcome]:
        """Decide and save until no key has a version conflict. `documents` then holds what is stored."""
        outcomes: list[Outcome] = []
        pending = queues
        while pending:
            folds = await self._fold_all(pending, documents)
            ARMED and reach(Failpoint.FOLDED)
            await self._publisher.require({event.topic for fold in folds.values() for event in fold.change.new_events})
            ARMED and reach(Failpoint.TOPICS_KNOWN)
            await self._park(pending, folds)
            ARMED and reach(Failpoint.PARKED)
            changes = [fold.change for fold in folds.values() if fold.change.dirty]
            if full := self.store.needs_spill(changes):
                await self._spill_timelines(full)
                ARMED and reach(Failpoint.TIMELINES_MOVED)
            conflicts = await self.store.save(changes)
            for key, fold in folds.items():
                if key not in conflicts:
                    documents[key] = fold.change.after
                    outcomes += fold.outcomes
            pending = {key: pending[key] for key in conflicts}
            if conflicts:
                ARMED and reach(Failpoint.SAVE_CONFLICTED)
                await self._reload(documents, conflicts)
        return outcomes

    async def _spill_timelines(self, keys: Sequence[str]) -> None:
        timelines = await self.store.load_timelines(keys)
        ARMED and reach(Failpoint.TIMELINES_READ)
        await self.store.spill_timelines(timelines)

    async def _fold_all(self, pending: Queues, documents: dict[str, Document[S]]) -> dict[str, Fold[S]]:
        """Fold each key's records. If a fold fails on a document assumed to be new, it is repeated on the stored one."""
        folds: dict[str, Fold[S]] = {}
        not_loaded: list[str] = []
        for key, queue in pending.items():
            try:
                folds[key] = self._fold(key, documents[key], queue)
            except Exception:
                if documents[key].version:
                    raise
                not_loaded.append(key)
        if not_loaded:
            documents |= await self.store.load(not_loaded)
            folds |= {key: self._fold(key, documents[key], pending[key]) for key in not_loaded}
        return folds

    def _fold(self, key: str, document: Document[S], queue: Sequence[IncomingRecord]) -> Fold[S]:
        return self.aggregate.fold(document, [_with_target(incoming.received, key) for incoming in queue])

    async def _park(self, queues: Queues, folds: dict[str, Fold[S]]) -> None:
        """Dead-letter the records to park. This comes before the save, because the saved blocked list names them."""
        to_park = {received.position for fold in folds.values() for received in fold.to_park}
        if not to_park:
            return
        records = {incoming.received.position: incoming for queue in queues.values() for incoming in queue}
        await self._letters.send(
            [DeadLetter.of(incoming, PARKED) for position, incoming in records.items() if position in to_park]
        )
        ARMED and reach(Failpoint.PARKED_LETTERS_SENT)

    async def _reload(self, documents: dict[str, Document[S]], conflicts: set[str]) -> None:
        for key, fresh in (await self.store.load(list(conflicts))).items():
            if fresh.version == documents[key].version:
                raise RuntimeError(f"a save had a version conflict although version {fresh.version} is stored")
            documents[key] = fresh


def _with_target(received: Received[Event], key: str) -> Received[Event]:
    return received if received.target == key else received._replace(target=key)
