"""Reads the ends of topics, what groups have committed, and the newest records, without joining a group."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

CLIENT: Final = "postigo-gateway-status"

ANSWER_WITHIN: Final = 5.0
"""Seconds that the broker has for all calls of one measurement."""

CLOSE_WITHIN: Final = 2.0

NEWEST: Final = 20
"""Records of a partition that are read at most, the newest ones: a measurement costs the same however much is written."""

MOST_BYTES: Final = 64 * 1024
"""Bytes of a partition that are fetched at once."""

POLLS: Final = 3
POLL_MS: Final = 200


class _Clients(NamedTuple):
    admin: Any
    consumer: Any


class BrokerReader:
    """Every method raises `KafkaError` or `OSError`; call `close` then, and the next call connects again."""

    def __init__(self, url: str, topics: Sequence[str]) -> None:
        self._url = url
        self._topics = topics
        self._clients: _Clients | None = None
        self._partitions: Sequence[TopicPartition] = ()

    async def ends(self) -> Mapping[TopicPartition, int]:
        """The end of the log of every partition of the topics."""
        async with asyncio.timeout(ANSWER_WITHIN):
            clients = await self._connected()
            return dict(await clients.consumer.end_offsets(list(self._partitions)))

    async def committed(self, group: str) -> Mapping[TopicPartition, int]:
        """What the group has committed, by partition; without those for which it has committed nothing."""
        async with asyncio.timeout(ANSWER_WITHIN):
            clients = await self._connected()
            offsets = await clients.admin.list_consumer_group_offsets(group)
        return {tp: each.offset for tp, each in offsets.items() if each.offset >= 0}

    async def appended_since(self, topic: str, moment: datetime) -> int:
        """How many records of the topic were appended at this moment or later."""
        async with asyncio.timeout(ANSWER_WITHIN):
            clients = await self._connected()
            own = [tp for tp in self._partitions if tp.topic == topic]
            ends = await clients.consumer.end_offsets(own)
            first = await clients.consumer.offsets_for_times(dict.fromkeys(own, round(moment.timestamp() * 1000)))
        return sum(ends[tp] - first[tp].offset for tp in own if first.get(tp))

    async def newest(
        self, topics: Sequence[str], ends: Mapping[TopicPartition, int], read_until: dict[TopicPartition, int]
    ) -> list[ConsumerRecord[bytes, bytes]]:
        """Records of these topics since the last call, of each partition the newest ones. Updates `read_until`."""
        partitions = [tp for tp in self._partitions if tp.topic in topics and read_until.get(tp, 0) < ends[tp]]
        if not partitions:
            return []
        async with asyncio.timeout(ANSWER_WITHIN):
            consumer = (await self._connected()).consumer
            for tp in partitions:
                consumer.seek(tp, max(read_until.get(tp, 0), ends[tp] - NEWEST))
            consumer.resume(*partitions)
            found: list[ConsumerRecord[bytes, bytes]] = []
            for _ in range(POLLS):
                for tp, records in (await consumer.getmany(*partitions, timeout_ms=POLL_MS)).items():
                    found += records
                    read_until[tp] = records[-1].offset + 1
            # While it is paused, nothing is fetched ahead.
            consumer.pause(*partitions)
        return found

    async def close(self) -> None:
        """Close the connections. A broker that does not answer is not waited for."""
        clients, self._clients = self._clients, None
        if clients is None:
            return
        with suppress(KafkaError, OSError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await asyncio.gather(clients.consumer.stop(), clients.admin.close(), return_exceptions=True)

    async def _connected(self) -> _Clients:
        if self._clients is None:
            answer_ms = round(ANSWER_WITHIN * 1000)
            admin = AIOKafkaAdminClient(bootstrap_servers=self._url, client_id=CLIENT, request_timeout_ms=answer_ms)
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._url,
                client_id=CLIENT,
                enable_auto_commit=False,
                auto_offset_reset="latest",
                request_timeout_ms=answer_ms,
                max_partition_fetch_bytes=MOST_BYTES,
            )
            # Kept before they connect: `close` then also ends a client that is half connected.
            self._clients = _Clients(admin, consumer)
            await asyncio.gather(admin.start(), consumer.start())
            self._partitions = await _partitions(admin, self._topics)
            consumer.assign(self._partitions)
            consumer.pause(*self._partitions)
        return self._clients


async def _partitions(admin: Any, topics: Sequence[str]) -> list[TopicPartition]:
    described = await admin.describe_topics(list(topics))
    return [TopicPartition(each["topic"], one["partition"]) for each in described for one in each["partitions"]]
