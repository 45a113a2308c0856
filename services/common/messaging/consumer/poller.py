"""Taking what has been fetched, so that no partition waits for another's flood, and nothing that a record holds ends it.

Stands where FastStream polls. Whatever the client library cannot decode it raises for the whole poll, and would raise for
ever: then all partitions go back to what was finished, and from now on each batch is tried before the library has it.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError

from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offsets import Offsets
from services.common.messaging.fetching import Door

log = structlog.get_logger()

Records = tuple[ConsumerRecord[bytes, bytes], ...]

IDLE_MS: Final = 100
"""How long a poll waits for a first record. It ends at once when one comes."""


class FairPoller:
    """Answers with the next batch. Raises `KafkaError`, which FastStream waits out and tells nobody: `health` is told.

    `in_hand` are the partitions of the last batch: none of it has ended before the next poll, as far as is known here.
    `most` records are taken at once: half as many after a batch that an outage ended, so that one which is too large for
    a slow engine does not stay so; twice as many after one that went well.
    """

    def __init__(self, offsets: Offsets, door: Door, health: ConsumerHealth) -> None:
        self._offsets = offsets
        self._door = door
        self._health = health
        self._most = MAX_RECORDS
        self.in_hand: frozenset[TopicPartition] = frozenset()

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            found = await self._poll(consumer)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            told_by_broker = isinstance(error, KafkaError) and not isinstance(error, CorruptRecordException)
            if not told_by_broker and not self._door.careful:
                return self._begin_to_care(consumer, error)
            because = type(error).__name__
            # Not an outage: once its own coordination has failed, the library raises this for ever.
            self._health.report_unresponsive(f"polling failed: {because}", asked="polls")
            log.warning("polling failed", group=self._health.name, because=because)
            raise KafkaError(because) from None
        else:
            if "polls" in self._health.cut_off_since:
                self._health.report_answer("polls")
            return found
        finally:
            self._door.taken()

    def went_well(self) -> None:
        self._most = min(2 * self._most, MAX_RECORDS)

    def went_wrong(self) -> None:
        self._most = max(self._most // 2, 1)

    async def _poll(self, consumer: AIOKafkaConsumer) -> Records:
        """A share of each partition that has records waiting, then whatever fills the batch."""
        self.in_hand = frozenset()
        held = consumer.assignment()
        found = await self._shares(consumer)
        if len(found) < self._most:
            more = await consumer.getmany(timeout_ms=0 if found else IDLE_MS, max_records=self._most - len(found))
            found += chain(*more.values())
        if consumer.assignment() != held:
            self._give_back(consumer, found)
            return ()
        self.in_hand = frozenset(TopicPartition(record.topic, record.partition) for record in found)
        return tuple(found)

    def _give_back(self, consumer: AIOKafkaConsumer, found: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
        """A rebalance came between, and some of these may have been taken after it: what is still ours is taken again.

        Otherwise they would lie there until the next record of their partition shows the gap.
        """
        first: dict[TopicPartition, int] = {}
        for record in found:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for tp in consumer.assignment() & first.keys():
            consumer.seek(tp, min(first[tp], self._offsets.finished.get(tp, first[tp])))

    async def _shares(self, consumer: AIOKafkaConsumer) -> list[ConsumerRecord[bytes, bytes]]:
        found: list[ConsumerRecord[bytes, bytes]] = []
        waiting = self._door.waiting()
        if len(waiting) < 2:
            return found
        share = -(-self._most // len(waiting))
        for tp in waiting:
            room = min(share, self._most - len(found))
            if room and tp in consumer.assignment():
                taken = await consumer.getmany(tp, max_records=room)
                found += chain(*taken.values())
        return found

    def _begin_to_care(self, consumer: AIOKafkaConsumer, error: Exception) -> Records:
        """What this poll had taken is lost with it, and is fetched again."""
        log.warning("records cannot be decoded", group=self._health.name, error=type(error).__name__)
        self._door.careful = True
        for tp in consumer.assignment() & self._offsets.finished.keys():
            consumer.seek(tp, self._offsets.finished[tp])
        return ()
