"""The log as an operator reads it: without a group, so that nobody's offsets move."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Self, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from deploy.operator.errors import OperatorError
from deploy.topics_apply import admin_client
from services.common.messaging.records.positions import OffsetRange

Record: TypeAlias = ConsumerRecord[bytes, bytes]

POLL_MS: Final = 500


class Log:
    def __init__(self, url: str) -> None:
        self._url = url
        self._open = AsyncExitStack()
        self._consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=url, client_id="postigo-operator", enable_auto_commit=False, auto_offset_reset="earliest"
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            opening.push_async_callback(self._consumer.stop)
            await self._consumer.start()
            self._admin = await opening.enter_async_context(admin_client(self._url))
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """The partitions of those of `topics` that there are."""
        described = {topic["topic"]: topic["partitions"] for topic in await self._admin.describe_topics()}
        return [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(each["partition"] for each in described.get(topic, ()))
        ]

    async def topics(self) -> list[str]:
        return sorted(await self._consumer.topics())

    async def extents(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetRange]:
        """All that lies in `partitions` now."""
        if not partitions:
            return {}
        self._consumer.assign(partitions)
        starts = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return {tp: (starts[tp], ends[tp]) for tp in partitions}

    async def offsets_at(self, partitions: Sequence[TopicPartition], moment_ms: int) -> dict[TopicPartition, int]:
        """The first offset appended at that moment or later; the end of the log where there is none. Kafka's time begins
        in 1970.
        """
        self._consumer.assign(partitions)
        found = await self._consumer.offsets_for_times(dict.fromkeys(partitions, max(moment_ms, 0)))
        ends = await self._consumer.end_offsets(partitions)
        return {tp: found[tp].offset if found.get(tp) else ends[tp] for tp in partitions}

    async def records(self, extents: Mapping[TopicPartition, OffsetRange]) -> AsyncIterator[Record]:
        """What lies in `extents`, in order within a partition. Raises OperatorError where something cannot be decoded."""
        for tp, (first, after) in extents.items():
            async for record in self._of(tp, first, after):
                yield record

    async def at(self, tp: TopicPartition, offset: int) -> Record | None:
        """One record that lies before the end of the log; None when it is gone."""
        async for record in self._of(tp, offset, offset + 1):
            if record.offset == offset:
                return record
        return None

    async def _of(self, tp: TopicPartition, first: int, after: int) -> AsyncIterator[Record]:
        if first >= after:
            return
        self._consumer.assign([tp])
        self._consumer.seek(tp, first)
        # A transaction's marker takes an offset, and no record comes for it.
        while (position := await self._consumer.position(tp)) < after:
            for record in await self._next(tp, position, after):
                if record.offset < after:
                    yield record

    async def _next(self, tp: TopicPartition, position: int, after: int) -> list[Record]:
        try:
            found = await self._consumer.getmany(tp, timeout_ms=POLL_MS, max_records=min(after - position, 500))
        except KafkaError:
            raise
        except Exception as error:
            raise OperatorError(
                f"What lies in {tp.topic}/{tp.partition} from offset {position} on cannot be decoded "
                f"({type(error).__name__}): name a stretch before or after it."
            ) from None
        records: list[Record] = found.get(tp, [])
        return records
