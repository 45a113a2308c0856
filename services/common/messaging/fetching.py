"""What a consumer may fetch, and in which form: nothing compressed, nothing undecodable, and never more than fits.

The client library has no bound of its own: it fetches on, partition by partition, while nobody takes what it has, and
unpacks whatever was sent. So a door stands between its connection and its decoder.
"""

import asyncio
import time
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.fetch import FetchRequest

from services.common.messaging.record_batches import made_plain

FETCHED_AT_ONCE: Final = 8 * 1024 * 1024
"""Bytes of one answer, as they lie in the log."""

UNPACKED_AT_ONCE: Final = 8 * 1024 * 1024
"""Bytes after which no more is unpacked of one answer: the rest is asked for again."""

MOST_WAITING: Final = 16 * 1024 * 1024
"""Bytes that wait to be taken. Above it nothing is fetched."""


class Door:
    """Stands in one consumer at a time. What waits behind it is known by partition, in the order in which it came.

    For `gather` seconds after records came it asks for no more, so that a stream of them comes as few large batches: the
    first after a pause comes at once, and only those that follow wait.
    """

    def __init__(self, gather: float = 0.0) -> None:
        self.careful = False
        self._gather = gather
        self._closed_until = 0.0
        self._consumer: AIOKafkaConsumer | None = None
        self._sizes: dict[TopicPartition, int] = {}
        self._taken = asyncio.Event()

    def stand_in(self, consumer: AIOKafkaConsumer) -> None:
        """Let every answer to a fetch of `consumer` pass here: before its first, so when it is first given partitions."""
        if consumer is self._consumer:
            return
        self._consumer, self._sizes = consumer, {}
        client = consumer._client
        send = client.send

        async def passing(node: int, request: Any, **options: Any) -> Any:
            if not isinstance(request, FetchRequest):
                return await send(node, request, **options)
            await self._until_open()
            answer = await send(node, request, **options)
            self._take_in(answer)
            return answer

        client.send = passing

    def waiting(self) -> list[TopicPartition]:
        """Partitions of which something waits to be taken."""
        return [] if self._consumer is None else list(self._consumer._fetcher._records)

    def taken(self) -> None:
        """Something has been taken, or no longer waits."""
        self._taken.set()

    async def _until_open(self) -> None:
        if (left := self._closed_until - time.monotonic()) > 0:
            await asyncio.sleep(left)
        while sum(self._sizes.get(tp, 0) for tp in self.waiting()) > MOST_WAITING:
            self._taken.clear()
            await self._taken.wait()

    def _take_in(self, answer: Any) -> None:
        budget = UNPACKED_AT_ONCE
        for topic, partitions in answer.topics:
            for place, of_partition in enumerate(partitions):
                batches = of_partition[-1]
                if not batches:
                    continue
                plain, spent = made_plain(batches, budget, careful=self.careful)
                budget -= spent
                self._closed_until = time.monotonic() + self._gather
                self._sizes[TopicPartition(topic, of_partition[0])] = len(plain)
                if plain is not batches:
                    partitions[place] = (*of_partition[:-1], plain)
