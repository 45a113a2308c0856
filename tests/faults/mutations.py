"""Five mutations of the kernel and two of the legal terms, each applied to one process before it starts. Product code does not
know them.

For each one, `aimed.py` has a schedule that causes its harm.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from aiokafka import TopicPartition

from services.common.legal_clock import Deadline
from services.common.messaging.consumer.crash_guard import offset_ranges_of
from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.handlers.aggregate import Aggregate
from services.common.messaging.handlers.aggregate_processor import AggregateProcessor
from services.common.messaging.producer.batches import ProducerRecord, enqueue
from services.common.messaging.producer.publisher import Publisher
from services.common.store import DocumentStore, OutboxEntry, translate_store_errors
from services.intake.domain import Terms, asked
from services.intake.domain.state import Progress


def commit_before_save() -> None:
    begin = Subscription.__init__

    def mutated(self: Subscription, **about: Any) -> None:
        begin(self, **about)
        process = self._crash_guard.process

        async def commit_then_process(records: Any) -> None:
            after: dict[TopicPartition, int] = {tp: extent[1] for tp, extent in offset_ranges_of(records).items()}
            await self._committer.commit(after)
            await self._committer.drain()
            await process(records)

        self._crash_guard.process = commit_then_process  # type: ignore[method-assign]

    Subscription.__init__ = mutated  # type: ignore[method-assign]


def no_inbox_check() -> None:
    def mutated(self: Aggregate[Any], document: Any, received: Any, handler: Any) -> Any:
        return handler(document.state, received), received.inbox_id, False

    Aggregate._decide = mutated  # type: ignore[method-assign]


def publish_before_save() -> None:
    park = AggregateProcessor._park

    async def mutated(self: AggregateProcessor[Any], queues: Any, folds: Any) -> None:
        await park(self, queues, folds)
        await self._publisher.send([event for fold in folds.values() for event in fold.change.new_events])

    AggregateProcessor._park = mutated  # type: ignore[method-assign]


def outbox_replaced() -> None:
    async def mutated(self: DocumentStore[Any], sent: Mapping[str, Sequence[str]]) -> None:
        with translate_store_errors():
            await self._collection.update_many({"_id": {"$in": list(sent)}}, {"$set": {"outbox": []}})

    DocumentStore.clear = mutated  # type: ignore[method-assign]


def sends_not_awaited() -> None:
    async def mutated(self: Publisher, events: Sequence[OutboxEntry]) -> None:
        await enqueue(await self._get_producer(), [ProducerRecord.of(event) for event in events], [])

    Publisher.send = mutated  # type: ignore[method-assign]


def day_of_entry_counts() -> None:
    named = Terms.named

    def mutated(self: Terms, start: date, term: str) -> Deadline:
        return named(self, start - timedelta(days=1), term)

    Terms.named = mutated  # type: ignore[method-assign]


def term_resumed_late() -> None:
    module: Any = asked
    resume = module.resume

    def mutated(progress: Progress, terms: Terms, until: date) -> None:
        resume(progress, terms, until + timedelta(days=1))

    module.resume = mutated


MUTATIONS: Final[Mapping[str, Callable[[], None]]] = {
    each.__name__.replace("_", " "): each
    for each in (
        commit_before_save,
        no_inbox_check,
        publish_before_save,
        outbox_replaced,
        sends_not_awaited,
        day_of_entry_counts,
        term_resumed_late,
    )
}
"""The mutations by name."""
