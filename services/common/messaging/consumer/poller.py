"""Polls for the next batch, so that a flood in one partition does not keep the others waiting.

It takes FastStream's place in that, and is told how the batch before ended.
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
from services.common.messaging.consumer.offsets import Offsets

log = structlog.get_logger()

Record: TypeAlias = ConsumerRecord[bytes, bytes]
Records = tuple[Record, ...]

IDLE_MS: Final = 100
"""How long a poll waits for a first record. It ends at once when one comes."""


class FairPoller:
    """Answers with the next batch. Raises `KafkaError`, which FastStream waits out and tells nobody: `health` is told.

    `in_hand` are the partitions of the last batch: none of it has ended before the next poll, as far as is known here.
    `most` records are taken at once: half as many after a batch that an outage ended, so that one which is too large for
    a slow engine does not stay so; twice as many after one that went well.
    """

    def __init__(self, offsets: Offsets, health: ConsumerHealth) -> None:
        self._offsets = offsets
        self._health = health
        self._most = MAX_RECORDS
        self.in_hand: frozenset[TopicPartition] = frozenset()

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            found = await self._poll(consumer)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            because = type(error).__name__
            if decode_leniently(error):
                log.warning("records cannot be decoded", group=self._health.name, error=because)
                return self._decode_again(consumer)
            # Not an outage: once its own coordination has failed, the library raises this for ever.
            self._health.report_unresponsive(f"polling failed: {because}", asked="polls")
            log.warning("polling failed", group=self._health.name, because=because)
            raise KafkaError(because) from None
        if "polls" in self._health.cut_off_since:
            self._health.report_answer("polls")
        return found

    def went_well(self) -> None:
        self._most = min(2 * self._most, MAX_RECORDS)

    def went_wrong(self) -> None:
        self._most = max(self._most // 2, 1)

    async def _poll(self, consumer: AIOKafkaConsumer) -> Records:
        """Half a batch of what was fetched first; where more waits, a share of each partition fills it up."""
        self.in_hand = frozenset()
        held = consumer.assignment()
        half = -(-self._most // 2)
        found = await _fetched(consumer, half, timeout_ms=IDLE_MS)
        if len(found) == half < self._most:
            found += await _shares(consumer, held, self._most - half)
        if consumer.assignment() != held:
            self._give_back(consumer, found)
            return ()
        self.in_hand = frozenset(TopicPartition(record.topic, record.partition) for record in found)
        return tuple(found)

    def _give_back(self, consumer: AIOKafkaConsumer, found: Iterable[Record]) -> None:
        """A rebalance came between, and some of these may have been taken after it: what is still ours is taken again.

        Otherwise they would lie there until the next record of their partition shows the gap.
        """
        first: dict[TopicPartition, int] = {}
        for record in found:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for tp in consumer.assignment() & first.keys():
            consumer.seek(tp, min(first[tp], self._offsets.finished.get(tp, first[tp])))

    def _decode_again(self, consumer: AIOKafkaConsumer) -> Records:
        """What this poll had taken is lost with it, and is fetched again."""
        for tp in consumer.assignment() & self._offsets.finished.keys():
            consumer.seek(tp, self._offsets.finished[tp])
        return ()


async def _shares(consumer: AIOKafkaConsumer, held: Collection[TopicPartition], room: int) -> list[Record]:
    """As many records of each partition, then whatever was fetched first, up to `room` of them."""
    found: list[Record] = []
    share = max(1, room // max(1, len(held)))
    for tp in held:
        if limit := min(share, room - len(found)):
            found += await _fetched(consumer, limit, tp)
    if limit := room - len(found):
        found += await _fetched(consumer, limit)
    return found


async def _fetched(
    consumer: AIOKafkaConsumer, limit: int, *partitions: TopicPartition, timeout_ms: int = 0
) -> list[Record]:
    found = await consumer.getmany(*partitions, timeout_ms=timeout_ms, max_records=limit)
    return list(chain(*found.values()))
