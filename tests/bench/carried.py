"""When each request was carried: in its department's inbox, registered, told to its author, and all of it in the view.

The broker's append times say when a record was there; the view's progress is what its group has committed, looked at
now and then. Looking is cheap while the clock runs: the records themselves are read afterwards.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.common.contracts import topics
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.departments import AssignmentCreated
from tests.support.topics import header, read_all

VIEWS: Final = "gateway-views"
LOOK_EVERY: Final = 0.2

Standing = dict[TopicPartition, int]


@dataclass(slots=True)
class Watch:
    """`groups`: who reads, and which topics. `departments`: whose inboxes are looked into."""

    admin: AIOKafkaAdminClient
    consumer: AIOKafkaConsumer
    groups: dict[str, Sequence[str]]
    looks: list[tuple[float, Standing]] = field(default_factory=list)

    async def look(self) -> None:
        self.looks.append((time.time(), await self._committed(VIEWS)))

    async def until_quiet(self, notices: int, within: float) -> None:
        """Look until `notices` have been said in all, and every group has read everything there is."""
        deadline = time.monotonic() + within
        while not await self._quiet(notices):
            if time.monotonic() > deadline:
                raise AssertionError(f"not quiet within {within:.0f} s")
            await asyncio.sleep(LOOK_EVERY)

    async def _quiet(self, notices: int) -> bool:
        await self.look()
        said: Standing = await self.consumer.end_offsets(self._partitions(topics.DELIVERIES))
        if sum(said.values()) < notices:
            return False
        for group, read in self.groups.items():
            partitions = [tp for topic in read for tp in self._partitions(topic)]
            committed = await self._committed(group)
            ends: Standing = await self.consumer.end_offsets(partitions)
            if any(committed.get(tp, 0) < ends[tp] for tp in partitions):
                return False
        return True

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in self.consumer.partitions_for_topic(topic) or ()]

    async def _committed(self, group: str) -> Standing:
        found = await self.admin.list_consumer_group_offsets(group)
        return {tp: each.offset for tp, each in found.items()}

    def seen_at(self, record: ConsumerRecord[bytes, bytes]) -> float:
        """When the view was first found to hold what `record` says."""
        tp = TopicPartition(record.topic, record.partition)
        place = bisect_left(self.looks, record.offset + 1, key=lambda look: look[1].get(tp, 0))
        return self.looks[place][0]


async def carried(url: str, watch: Watch, departments: Iterable[str], since: float) -> list[float]:
    """When each request that was filed after `since` was carried, in order. Raises when one was not, whole."""
    inboxes = [topics.inbox(code) for code in departments]
    records = await read_all(url, topics.INTAKE, topics.DELIVERIES, *inboxes)
    filed = {each.key for each in records if each.topic == topics.INTAKE and each.timestamp >= since * 1e3}
    arrived: dict[bytes, float] = {}
    told: dict[bytes, float] = {}
    for record in records:
        kind = header(record, "ce_type")
        if record.key not in filed:
            continue
        if kind == AssignmentCreated.TYPE:
            arrived.setdefault(record.key, record.timestamp / 1e3)
        elif kind == DeliverySent.TYPE and orjson.loads(record.value)["notice"] == "registered":
            told.setdefault(record.key, watch.seen_at(record))
    assert filed <= arrived.keys() & told.keys(), "a request was not carried"
    return sorted(max(arrived[key], told[key]) for key in filed)
