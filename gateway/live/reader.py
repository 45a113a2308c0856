"""Reads `requests.lifecycle.v1` into the hub: every replica reads all of it, so without a consumer group."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from gateway.live.hub import Hub
from services.common.contracts import topics
from services.common.contracts.lifecycle import LifecycleFact
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.errors import Poison
from services.common.messaging.aiokafka_compat import UNREADABLE, decode_leniently, stop_consumer
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import HEADER
from services.common.runtime.backoff import sleep_with_jitter
from services.common.telemetry import metrics
from services.common.telemetry.logging import redacted_exc_info

log = structlog.get_logger()

NAME: Final = "gateway-live"
"""Its Kafka client id, and its label in the metric of lags."""

PARTITIONS: Final = [TopicPartition(topics.LIFECYCLE, number) for number in range(topics.REQUEST_PARTITIONS)]

START_TIMEOUT: Final = 15.0
STOP_TIMEOUT: Final = 5.0
"""Seconds to connect, and to disconnect: aiokafka waits forever for a broker that reads nothing."""

ANSWER_TIMEOUT: Final = 5.0
MEASURE_EVERY: Final = 2.0
"""Seconds that the broker has to answer where the log ends, and between two such questions.

aiokafka's polls do not tell an absent broker from one without news.
"""

RECONNECT_AFTER: Final = 30.0
"""Seconds without an answer after which the consumer is replaced. Until then aiokafka reconnects by itself."""

BATCH: Final = 100
"""Records between two turns of the event loop."""

_AWAY: Final = (KafkaError, OSError, TimeoutError)


@dataclass(slots=True)
class LifecycleReader:
    """Starts at the end of the log. After an outage it continues where it was; `positions` are the next offsets."""

    url: str
    hub: Hub
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Read until cancelled. No error leaves it: without live updates, people can still file and read."""
        while True:
            try:
                await self._read()
            except* OffsetOutOfRangeError:
                # The log was shortened during an outage.
                self.positions.clear()
                self.hub.report_loss()
            except* _AWAY as errors:
                log.warning("live updates are delayed", because=type(errors.exceptions[0]).__name__)
            except* Exception as errors:
                log.critical("live updates failed", exc_info=redacted_exc_info(errors))
            self.hub.report_delay(is_delayed=True)
            await sleep_with_jitter()

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.url,
            client_id=NAME,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=MAX_EVENT + 64 * 1024,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await consumer.start()
                consumer.assign(PARTITIONS)
                await self._seek(consumer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._poll(consumer))
                group.create_task(self._measure(consumer))
        finally:
            await stop_consumer(consumer, STOP_TIMEOUT)

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        if not self.positions:
            self.positions = dict(await consumer.end_offsets(PARTITIONS))
        for tp, offset in self.positions.items():
            consumer.seek(tp, offset)

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                fetched = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            except UNREADABLE as error:
                if not decode_leniently(error):
                    raise
                await self._seek(consumer)
                continue
            for tp, records in fetched.items():
                for record in records:
                    self._publish(record)
                self.positions[tp] = records[-1].offset + 1
            await asyncio.sleep(0)

    def _publish(self, record: ConsumerRecord[bytes, bytes]) -> None:
        # A redriven record was read when it was appended first.
        if any(name == HEADER for name, _ in record.headers):
            return
        # The worker dead-letters what cannot be read.
        with suppress(Poison):
            received = read(record)
            if isinstance(received.event, LifecycleFact):
                self.hub.publish(received.event, received.id, len(record.value or b""))

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        """Ask regularly where the log ends. Raises `KafkaError` or `TimeoutError` without an answer for too long."""
        loop = asyncio.get_running_loop()
        answered_at = loop.time()
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    ends: dict[TopicPartition, int] = await consumer.end_offsets(PARTITIONS)
            except _AWAY:
                self.hub.report_delay(is_delayed=True)
                if loop.time() - answered_at > RECONNECT_AFTER:
                    raise
            else:
                answered_at = loop.time()
                metrics.LAG.labels(NAME).set(sum(max(0, end - self.positions[tp]) for tp, end in ends.items()))
                self.hub.report_delay(is_delayed=False)
            await asyncio.sleep(MEASURE_EVERY)
