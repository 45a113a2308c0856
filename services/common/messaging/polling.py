"""Polling past a record that the client library itself cannot decode: a header whose *name* is not UTF-8.

The library raises for the whole poll, and would raise for ever. Whatever else that poll had taken is lost with it, so
every partition goes back to what was finished, and the partitions are walked record by record to the one that raises.
"""

import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.common.errors import Away
from services.common.messaging.dead_letters import DeadLetters, Letter
from services.common.messaging.offsets import Offsets

log = structlog.get_logger()

Records = tuple[ConsumerRecord[bytes, bytes], ...]
Poll = Callable[[AIOKafkaConsumer], Awaitable[Records]]

WALK: Final = 500
"""Records taken from one partition before its turn ends."""

WALK_WAIT_MS: Final = 1_000
"""How long a partition that has records waiting may take to deliver the next one."""


class Poller:
    """Stands where FastStream polls: answers as `poll` does, and never raises for what a record holds."""

    def __init__(self, poll: Poll, offsets: Offsets, letters: DeadLetters) -> None:
        self._poll = poll
        self._offsets = offsets
        self._letters = letters

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            return await self._poll(consumer)
        except UnicodeDecodeError:
            log.warning("a record cannot be decoded: looking for it")
        try:
            return await self._walk(consumer)
        except (Away, IllegalStateError) as error:
            raise KafkaError(type(error).__name__) from None

    async def _walk(self, consumer: AIOKafkaConsumer) -> Records:
        """Records that can be decoded, from any one partition; an undecodable one in front of them is put aside."""
        waiting = [tp for tp in consumer.assignment() if tp in self._offsets.finished]
        for tp in waiting:
            consumer.seek(tp, self._offsets.finished[tp])
        # By chance, so that a busy partition cannot keep the walk from the one that raises.
        for tp in random.sample(waiting, len(waiting)):
            records, raised = await self._next(consumer, tp)
            if records:
                return tuple(records)
            if raised:
                await self._set_aside(consumer, tp)
        return ()

    async def _next(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition
    ) -> tuple[list[ConsumerRecord[bytes, bytes]], bool]:
        """The next records of one partition, and whether one that cannot be decoded follows them."""
        records: list[ConsumerRecord[bytes, bytes]] = []
        try:
            while len(records) < WALK and (consumer.highwater(tp) or 0) > await consumer.position(tp):
                found = await consumer.getmany(tp, timeout_ms=WALK_WAIT_MS, max_records=1)
                if not found:
                    break
                records += found[tp]
        except UnicodeDecodeError:
            return records, True
        return records, False

    async def _set_aside(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
        """Its letter tells where it lies: the library gives us none of its bytes."""
        offset = self._offsets.finished[tp]
        now = round(time.time() * 1000)
        record = ConsumerRecord(tp.topic, tp.partition, offset, now, 1, None, None, None, -1, -1, ())
        await self._letters.send([Letter.unreadable(record, "header-name-utf8")])
        consumer.seek(tp, offset + 1)
        self._offsets.advance({tp: offset + 1})
        await consumer.commit({tp: offset + 1})
