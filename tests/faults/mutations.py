"""Five ways to break the kernel on purpose. Each is done to one process before it starts, and product code knows of none.

The schedule that provokes the harm of each is in `aimed.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiokafka import TopicPartition

from services.common.messaging.consumer.crash_guard import extents_of
from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.handlers.aggregate import Aggregate
from services.common.messaging.handlers.aggregate_processor import AggregateConsumer
from services.common.messaging.producer.batches import ProducerRecord, enqueue
from services.common.messaging.producer.publisher import Publisher
from services.common.store import DocumentStore, Outgoing, reaching_store


def commit_before_save() -> None:
    begin = Subscription.__init__

    def mutated(self: Subscription, **about: Any) -> None:
        begin(self, **about)
        take = self._taker.take

        async def commit_then_take(records: Any) -> None:
            after: dict[TopicPartition, int] = {tp: extent[1] for tp, extent in extents_of(records).items()}
            await self._committer.ended(after)
            await self._committer.settled()
            await take(records)

        self._taker.take = commit_then_take  # type: ignore[method-assign]

    Subscription.__init__ = mutated  # type: ignore[method-assign]


def no_inbox_check() -> None:
    def mutated(self: Aggregate[Any], document: Any, received: Any) -> Any:
        return self._handler(received.event)(document.state, received), received.inbox_id, False

    Aggregate._decide = mutated  # type: ignore[method-assign]


def publish_before_save() -> None:
    park = AggregateConsumer._park

    async def mutated(self: AggregateConsumer[Any], queues: Any, folds: Any) -> None:
        await park(self, queues, folds)
        await self._publisher.send([event for fold in folds.values() for event in fold.change.said])

    AggregateConsumer._park = mutated  # type: ignore[method-assign]


def outbox_replaced() -> None:
    async def mutated(self: DocumentStore[Any], sent: Mapping[str, Sequence[str]]) -> None:
        with reaching_store():
            await self._collection.update_many({"_id": {"$in": list(sent)}}, {"$set": {"outbox": []}})

    DocumentStore.clear = mutated  # type: ignore[method-assign]


def sends_not_awaited() -> None:
    async def mutated(self: Publisher, events: Sequence[Outgoing]) -> None:
        await enqueue(await self._running(), [ProducerRecord.of(event) for event in events], [])

    Publisher.send = mutated  # type: ignore[method-assign]


MUTATIONS: Final[Mapping[str, Callable[[], None]]] = {
    each.__name__.replace("_", " "): each
    for each in (commit_before_save, no_inbox_check, publish_before_save, outbox_replaced, sends_not_awaited)
}
"""By name: what the process breaks."""
