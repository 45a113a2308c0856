"""The connections of an operation: the log, the services' stores and internal listeners, a producer and an admin client."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import httpx2
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.operator.audit import Actor, Audit
from deploy.operator.errors import translate_engine_errors
from deploy.operator.identity import Identity, operator_of, system_user
from deploy.operator.log import Log
from deploy.operator.service_stores import STORES, ServiceStores, StoreLocation
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
    stores: ServiceStores
    publisher: Publisher
    admin: AIOKafkaAdminClient
    redrives: Redrives
    http: httpx2.AsyncClient

    async def identity(self) -> Identity:
        """Who runs the command. Raises IdentityRefused."""
        return operator_of(await self.stores.account()) if self.target.is_server else system_user()

    async def append(self, records: Sequence[ProducerRecord]) -> dict[TopicPartition, int]:
        """Append in order. Returns for each partition the offset after its last appended record."""
        end_offsets: dict[TopicPartition, int] = {}
        for metadata in await self.publisher.append(records):
            tp = TopicPartition(metadata.topic, metadata.partition)
            # The broker acknowledges a retry that it recognises as a duplicate without an offset.
            offset = metadata.offset + 1 if metadata.offset >= 0 else (await self.log.extents([tp]))[tp][1]
            end_offsets[tp] = max(end_offsets.get(tp, 0), offset)
        return end_offsets

    @asynccontextmanager
    async def operation(
        self, actor: Actor, action: str, planned: int, terms: Mapping[str, str], continues: UUID | None = None
    ) -> AsyncIterator[Audit]:
        """Record the start of an operation, and its end however the block ends. `continues`: id of an unfinished one."""
        audit = Audit(self.publisher, actor, self.target.log, continues)
        await audit.start(action, planned, terms)
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
async def open_session(target: Target, locations: Sequence[StoreLocation] = STORES) -> AsyncIterator[OperatorSession]:
    """Connect to all engines. Raises OperatorError, also when an engine becomes unavailable within the block."""
    settings = target.settings
    with translate_engine_errors():
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(Log(settings.kafka_url))
            admin = await stack.enter_async_context(admin_client(settings.kafka_url))
            publisher = Publisher(settings.kafka_url, client_id="postigo-operator")
            stack.push_async_callback(publisher.stop)
            stores = ServiceStores(settings, locations)
            stack.push_async_callback(stores.close)
            http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
            yield OperatorSession(target, log, stores, publisher, admin, Redrives(settings.internal_secret), http)
