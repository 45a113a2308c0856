"""Polling past what the client library itself cannot decode: a header name that is not UTF-8, a damaged compression.

The library raises for the whole poll, and would raise for ever. Whatever else that poll had taken is lost with it, so
every partition goes back to what was finished, and the partitions are walked record by record to the one that raises.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.common.errors import Away, HandedOver
from services.common.messaging.dead_letters import DeadLetters, Letter
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.offsets import Offsets
from services.common.messaging.progress import Progress

log = structlog.get_logger()

Records = tuple[ConsumerRecord[bytes, bytes], ...]
Poll = Callable[[AIOKafkaConsumer], Awaitable[Records]]
Commit = Callable[[Mapping[TopicPartition, int]], Awaitable[None]]

WALK: Final = 500
"""Records taken from one partition before its turn ends."""

WALK_WAIT_MS: Final = 1_000
"""How long a partition that has records waiting may take to deliver the next one."""


class Poller:
    """Stands where FastStream polls: answers as `poll` does, and never raises for what a record holds.

    What it does raise is `KafkaError`, which FastStream waits out; `progress` is told, because FastStream tells nobody.
    """

    def __init__(self, poll: Poll, offsets: Offsets, letters: DeadLetters, commit: Commit, progress: Progress) -> None:
        self._poll = poll
        self._offsets = offsets
        self._letters = letters
        self._commit = commit
        self._progress = progress

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            return await self._poll_or_walk(consumer)
        except (Away, HandedOver, KafkaError) as error:
            because = str(error) if isinstance(error, Away) else type(error).__name__
            self._progress.declare(f"polling failed: {because}")
            log.warning("polling failed", group=self._progress.name, because=because)
            raise KafkaError(because) from None

    async def _poll_or_walk(self, consumer: AIOKafkaConsumer) -> Records:
        try:
            return await self._poll(consumer)
        except KafkaError:
            raise
        except Exception as error:
            # Whatever it is: it would be raised again, for ever, for every partition.
            log.warning("records cannot be decoded", group=self._progress.name, error=type(error).__name__)
        return await self._walk(consumer)

    async def _walk(self, consumer: AIOKafkaConsumer) -> Records:
        """Records that can be decoded, from any one partition; an undecodable one in front of them is put aside."""
        finished = dict(self._offsets.finished)
        waiting = [tp for tp in consumer.assignment() if tp in finished]
        for tp in waiting:
            consumer.seek(tp, finished[tp])
        # By chance, so that a busy partition cannot keep the walk from the one that raises.
        for tp in random.sample(waiting, len(waiting)):
            records, raised = await self._next(consumer, tp)
            if records:
                return tuple(records)
            if raised:
                await self._skip(consumer, tp, finished[tp])
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
        except KafkaError:
            raise
        except Exception:
            return records, True
        return records, False

    async def _skip(self, consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> None:
        """Its letter tells where it lies: the library gives us none of its bytes."""
        now = round(time.time() * 1000)
        record = ConsumerRecord(tp.topic, tp.partition, offset, now, 1, None, None, None, -1, -1, ())
        await self._letters.send([Letter.unreadable(record, "undecodable")])
        ARMED and reach(Failpoint.UNDECODABLE_DEAD_LETTERED)
        consumer.seek(tp, offset + 1)
        await self._commit({tp: offset + 1})
