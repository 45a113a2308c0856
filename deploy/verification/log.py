"""Read every declared topic without a consumer group, so that no offsets are committed."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy import topics as declared
from deploy.topics_apply import admin_client
from deploy.verification.evidence import Lag
from deploy.verification.expectations import READERS
from services.common.catalogue import catalogues
from services.common.contracts import topics

READ_WITHIN_SECONDS: Final = 30.0

GROUPS: Final = frozenset(group for groups in READERS.values() for group in groups)

READS: Final[Mapping[str, frozenset[str]]] = {
    **{group: frozenset(topic for topic, groups in READERS.items() if group in groups) for group in GROUPS},
    **{f"department-{code}": frozenset({topics.inbox(code)}) for code in sorted(catalogues().departments)},
}
"""The topics that each group reads, including the groups of the reference departments."""

Offsets = Mapping[TopicPartition, int]


class Log:
    """All records of all topics, including dead letters and unreadable records."""

    def __init__(self, url: str) -> None:
        # No offset reset is needed: reading starts at offsets of this run.
        self._consumer: Any = AIOKafkaConsumer(bootstrap_servers=url, enable_auto_commit=False)
        self._all = [
            TopicPartition(topic.name, number) for topic in declared.load() for number in range(topic.partitions)
        ]

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        # Fetch the metadata of all partitions at once, not one by one at their first use.
        self._consumer.assign(self._all)
        self._consumer.pause(*self._all)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self) -> Offsets:
        """The end offset of each partition."""
        ends: Offsets = await self._consumer.end_offsets(self._all)
        return ends

    async def between(self, begin: Offsets, end: Offsets) -> list[Any]:
        """All records from `begin` up to `end`, in the order of topic, partition and offset. Raises TimeoutError."""
        moved = {tp: offset for tp, offset in end.items() if offset > begin[tp]}
        if not moved:
            return []
        async with asyncio.timeout(READ_WITHIN_SECONDS):
            records = await self._records(begin, moved)
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))

    async def _records(self, begin: Offsets, end: Offsets) -> list[Any]:
        self._consumer.assign(list(end))
        for tp in end:
            self._consumer.seek(tp, begin[tp])
        records: list[Any] = []
        waiting = set(end)
        while waiting:
            batch = await self._consumer.getmany(*waiting, timeout_ms=500)
            records += [record for tp, fetched in batch.items() for record in fetched if record.offset < end[tp]]
            waiting = {tp for tp in waiting if await self._consumer.position(tp) < end[tp]}
        return records


async def consumer_lags(url: str, *groups: str, ends: Offsets | None = None) -> list[Lag]:
    """The uncommitted records of each group (all groups by default) on its topics."""
    if ends is None:
        async with Log(url) as log:
            ends = await log.ends()
    lags: list[Lag] = []
    async with admin_client(url) as admin:
        for group in groups or READS:
            committed = await admin.list_consumer_group_offsets(group)
            for tp, end in ends.items():
                position = committed[tp].offset if tp in committed else 0
                if tp.topic in READS[group] and end > position:
                    lags.append(Lag(group, tp.topic, tp.partition, position, end - position))
    return lags
