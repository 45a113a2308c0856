"""All that an operation works with: the log, the services' books, and a way to append."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.operator.audit import Audit, Who
from deploy.operator.errors import explained
from deploy.operator.log import Log
from deploy.operator.service_stores import BOOKS, Book, ServiceStores
from deploy.operator.target import Target
from deploy.topics_apply import admin_client
from services.common.domain.errors import Unavailable
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.redrive import Redrives


@dataclass(frozen=True)
class OperatorSession:
    target: Target
    log: Log
    books: ServiceStores
    publisher: Publisher
    admin: AIOKafkaAdminClient
    redrives: Redrives

    async def append(self, records: Sequence[ProducerRecord]) -> dict[TopicPartition, int]:
        """Append in order; for each partition the offset after the last record that landed there."""
        after: dict[TopicPartition, int] = {}
        for landed in await self.publisher.append(records):
            tp = TopicPartition(landed.topic, landed.partition)
            # A repeated send that the broker recognised is acknowledged without an offset.
            offset = landed.offset + 1 if landed.offset >= 0 else (await self.log.extents([tp]))[tp][1]
            after[tp] = max(after.get(tp, 0), offset)
        return after

    @asynccontextmanager
    async def operation(
        self, who: Who, action: str, planned: int, terms: Mapping[str, str], goes_on: UUID | None = None
    ) -> AsyncIterator[Audit]:
        """An operation from its first word to its last, whatever happens between; or one that `goes_on`."""
        audit = Audit(self.publisher, who, self.target.log, goes_on)
        await audit.begin(action, planned, terms)
        ARMED and reach(Failpoint.OPERATION_BEGUN)
        try:
            yield audit
        except BaseException as error:
            outcome = "stopped" if isinstance(error, asyncio.CancelledError) else "failed"
            with suppress(Unavailable):
                await audit.end(outcome)
            raise
        await audit.end("done")


@asynccontextmanager
async def hand_at(target: Target, books: Sequence[Book] = BOOKS) -> AsyncIterator[OperatorSession]:
    """Everything connected. Raises OperatorError, also for what happens while it is used."""
    settings = target.settings
    with explained():
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(Log(settings.kafka_url))
            admin = await stack.enter_async_context(admin_client(settings.kafka_url))
            publisher = Publisher(settings.kafka_url, client_id="postigo-operator")
            stack.push_async_callback(publisher.stop)
            shelf = ServiceStores(settings, books)
            stack.push_async_callback(shelf.close)
            yield OperatorSession(target, log, shelf, publisher, admin, Redrives(settings.internal_secret))
