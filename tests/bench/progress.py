"""When each request was carried: it is in its department's inbox, and its author is notified and sees that in the view.

The broker's append time says when a record was published. The committed offsets of the views' group say how far the view is;
they are sampled during a run, which is cheap. The records themselves are read after the run.
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
SAMPLE_EVERY: Final = 0.2
"""Seconds between two samples."""

Offsets = dict[TopicPartition, int]


@dataclass(slots=True)
class ProgressRecorder:
    """`groups`: the consumer groups and their topics. `samples`: the time and the views' committed offsets."""

    admin: AIOKafkaAdminClient
    consumer: AIOKafkaConsumer
    groups: dict[str, Sequence[str]]
    samples: list[tuple[float, Offsets]] = field(default_factory=list)

    async def sample(self) -> None:
        self.samples.append((time.time(), await self._committed(VIEWS)))

    async def until_idle(self, notices: int, within: float) -> None:
        """Sample until `notices` deliveries were published in all, and every group has consumed all its records."""
        deadline = time.monotonic() + within
        while not await self._idle(notices):
            if time.monotonic() > deadline:
                raise AssertionError(f"not idle within {within:.0f} s")
            await asyncio.sleep(SAMPLE_EVERY)

    async def _idle(self, notices: int) -> bool:
        await self.sample()
        deliveries: Offsets = await self.consumer.end_offsets(self._partitions(topics.DELIVERIES))
        if sum(deliveries.values()) < notices:
            return False
        for group, names in self.groups.items():
            partitions = [tp for topic in names for tp in self._partitions(topic)]
            committed = await self._committed(group)
            ends: Offsets = await self.consumer.end_offsets(partitions)
            if any(committed.get(tp, 0) < ends[tp] for tp in partitions):
                return False
        return True

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in self.consumer.partitions_for_topic(topic) or ()]

    async def _committed(self, group: str) -> Offsets:
        found = await self.admin.list_consumer_group_offsets(group)
        return {tp: each.offset for tp, each in found.items()}

    def in_view_at(self, record: ConsumerRecord[bytes, bytes]) -> float:
        """The time of the first sample in which the view contained `record`."""
        tp = TopicPartition(record.topic, record.partition)
        index = bisect_left(self.samples, record.offset + 1, key=lambda sample: sample[1].get(tp, 0))
        return self.samples[index][0]


async def carried_at(url: str, recorder: ProgressRecorder, departments: Iterable[str], since: float) -> list[float]:
    """When each request filed after `since` was carried, sorted. Raises `AssertionError` if one was not."""
    inboxes = [topics.inbox(code) for code in departments]
    records = await read_all(url, topics.INTAKE, topics.DELIVERIES, *inboxes)
    filed = {each.key for each in records if each.topic == topics.INTAKE and each.timestamp >= since * 1e3}
    arrived: dict[bytes, float] = {}
    notified: dict[bytes, float] = {}
    for record in records:
        kind = header(record, "ce_type")
        if record.key not in filed:
            continue
        if kind == AssignmentCreated.TYPE:
            arrived.setdefault(record.key, record.timestamp / 1e3)
        elif kind == DeliverySent.TYPE and orjson.loads(record.value)["notice"] == "registered":
            notified.setdefault(record.key, recorder.in_view_at(record))
    assert filed <= arrived.keys() & notified.keys(), "a request was not carried"
    return sorted(max(arrived[key], notified[key]) for key in filed)
