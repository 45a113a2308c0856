"""Composes what every consuming process needs: one database, one producer, and its subscriptions."""

from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from services.common.messaging import Aggregate, AggregateProcessor, DeadLetters, Publisher, Subscription, Sweeper
from services.common.messaging.consumer.crash_journal import CrashJournal
from services.common.messaging.handlers.processor import Processor
from services.common.messaging.records.redrive import Redrives
from services.common.runtime.settings import Settings
from services.common.store import DocumentStore, connect, database, disconnect

S = TypeVar("S", bound=BaseModel)

FILL_BATCHES_MS: Final = 100
"""Milliseconds that view and notification consumers may wait to fill a batch. No other process waits for them."""


class ServiceContext:
    """The connections of one process. `owns` names its database; `name` is its Kafka client id, by default the same."""

    def __init__(self, settings: Settings, owns: str, name: str | None = None) -> None:
        self._settings = settings
        self.client = connect(settings.mongo_url, settings.mongo_driver)
        self.database = database(self.client, f"{settings.mongo_database_prefix}_{owns}")
        self.publisher = Publisher(settings.kafka_url, client_id=f"postigo-{name or owns}")

    async def close(self) -> None:
        """Close the connection to the store."""
        await disconnect(self.client)

    def subscription(self, group: str, topics: Sequence[str], processor: Processor) -> Subscription:
        """A subscription of `group` for a projection or an inserter."""
        return self._subscription(group, topics, processor, DeadLetters(self.publisher, group), fill_ms=FILL_BATCHES_MS)

    def aggregate_subscription(
        self, group: str, topics: Sequence[str], aggregate: Aggregate[S], store: DocumentStore[S]
    ) -> tuple[Subscription, Sweeper[S]]:
        """A subscription of `group` for an aggregate, and the sweeper of its documents."""
        letters = DeadLetters(self.publisher, group)
        processor = AggregateProcessor(aggregate, store, self.publisher, letters)
        subscription = self._subscription(group, topics, processor, letters)
        return subscription, Sweeper(subscription, processor)

    def _subscription(
        self, group: str, topics: Sequence[str], processor: Processor, letters: DeadLetters, fill_ms: int = 0
    ) -> Subscription:
        return Subscription(
            url=self._settings.kafka_url,
            group=group,
            instance=self._settings.postigo_instance,
            topics=topics,
            processor=processor,
            letters=letters,
            redrives=Redrives(self._settings.internal_secret),
            journal=CrashJournal(self.database["consumer_lives"], group, self._settings.postigo_instance),
            fill_ms=fill_ms,
        )
