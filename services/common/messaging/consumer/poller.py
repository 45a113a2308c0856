"""Polls the next batch, so that many records in one partition do not delay the other partitions.

FastStream would poll one partition until it is empty. This poller replaces that poll (`aiokafka_compat.poll_with`).
"""

from collections.abc import Collection, Iterable
from itertools import chain
from typing import Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from services.common.messaging.aiokafka_compat import decode_leniently
from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offsets import OffsetTracker

log = structlog.get_logger()

Record: TypeAlias = ConsumerRecord[bytes, bytes]
Records = tuple[Record, ...]

IDLE_MS: Final = 100
"""Milliseconds that a poll waits for a first record. The poll returns at once when one arrives."""


class FairPoller:
    """Called by FastStream for each batch. Raises `KafkaError`, which FastStream retries silently: `health` reports it.

    `polled` are the partitions of the last batch, whose records may be unprocessed until the next poll. The batch size
    is halved after a failed batch, because a slow store may never save a large one in time, and doubled after a
    successful one.
    """

    def __init__(self, offsets: OffsetTracker, health: ConsumerHealth) -> None:
        self._offsets = offsets
        self._health = health
        self._batch_size = MAX_RECORDS
        self.polled: frozenset[TopicPartition] = frozenset()

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            records = await self._poll(consumer)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            because = type(error).__name__
            if decode_leniently(error):
                log.warning("records cannot be decoded", group=self._health.name, error=because)
                return self._seek_unprocessed(consumer)
            # Not an outage: once aiokafka's group coordination has failed, every poll raises this error.
            self._health.report_unresponsive(f"polling failed: {because}", request="polls")
            log.warning("polling failed", group=self._health.name, because=because)
            raise KafkaError(because) from None
        if "polls" in self._health.unanswered_since:
            self._health.report_answer("polls")
        return records

    def grow_batches(self) -> None:
        self._batch_size = min(2 * self._batch_size, MAX_RECORDS)

    def shrink_batches(self) -> None:
        self._batch_size = max(self._batch_size // 2, 1)

    async def _poll(self, consumer: AIOKafkaConsumer) -> Records:
        """Half a batch in fetch order; if that half is full, equal shares of all partitions fill the other half."""
        self.polled = frozenset()
        assigned = consumer.assignment()
        half = -(-self._batch_size // 2)
        batch = await _fetch(consumer, half, timeout_ms=IDLE_MS)
        if len(batch) == half < self._batch_size:
            batch += await _fetch_shares(consumer, assigned, self._batch_size - half)
        if consumer.assignment() != assigned:
            self._seek_back(consumer, batch)
            return ()
        self.polled = frozenset(TopicPartition(record.topic, record.partition) for record in batch)
        return tuple(batch)

    def _seek_back(self, consumer: AIOKafkaConsumer, batch: Iterable[Record]) -> None:
        """Discard a poll during which a rebalance ended, and seek to where its partitions must continue.

        Otherwise the discarded records would be missing until the next record of their partition reveals the gap.
        """
        first: dict[TopicPartition, int] = {}
        for record in batch:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for tp in consumer.assignment() & first.keys():
            consumer.seek(tp, min(first[tp], self._offsets.next_offsets.get(tp, first[tp])))

    def _seek_unprocessed(self, consumer: AIOKafkaConsumer) -> Records:
        """Fetch everything unprocessed again: the failed poll has lost the records it had already removed."""
        for tp in consumer.assignment() & self._offsets.next_offsets.keys():
            consumer.seek(tp, self._offsets.next_offsets[tp])
        return ()


async def _fetch_shares(consumer: AIOKafkaConsumer, assigned: Collection[TopicPartition], size: int) -> list[Record]:
    """Up to `size` records: an equal share of each partition, then the rest in fetch order."""
    batch: list[Record] = []
    share = max(1, size // max(1, len(assigned)))
    for tp in assigned:
        if limit := min(share, size - len(batch)):
            batch += await _fetch(consumer, limit, tp)
    if limit := size - len(batch):
        batch += await _fetch(consumer, limit)
    return batch


async def _fetch(
    consumer: AIOKafkaConsumer, limit: int, *partitions: TopicPartition, timeout_ms: int = 0
) -> list[Record]:
    lists = await consumer.getmany(*partitions, timeout_ms=timeout_ms, max_records=limit)
    return list(chain(*lists.values()))
