"""Read topics without a consumer group, so that no committed offset changes."""

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
        """The partitions of `topics`; a topic that does not exist has none."""
        described = {topic["topic"]: topic["partitions"] for topic in await self._admin.describe_topics()}
        return [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(each["partition"] for each in described.get(topic, ()))
        ]

    async def topics(self) -> list[str]:
        return sorted(await self._consumer.topics())

    async def extents(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetRange]:
        """The offset range of each partition: from its first record to the end of the log."""
        if not partitions:
            return {}
        self._consumer.assign(partitions)
        starts = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return {tp: (starts[tp], ends[tp]) for tp in partitions}

    async def offsets_at(self, partitions: Sequence[TopicPartition], moment_ms: int) -> dict[TopicPartition, int]:
        """For each partition the first offset appended at `moment_ms` or later, or the end of the log."""
        self._consumer.assign(partitions)
        # Kafka's time begins in 1970.
        offsets = await self._consumer.offsets_for_times(dict.fromkeys(partitions, max(moment_ms, 0)))
        ends = await self._consumer.end_offsets(partitions)
        return {tp: offsets[tp].offset if offsets.get(tp) else ends[tp] for tp in partitions}

    async def records(self, extents: Mapping[TopicPartition, OffsetRange]) -> AsyncIterator[Record]:
        """The records in these ranges, in order in each partition. Raises OperatorError if one cannot be decoded."""
        for tp, (first, end) in extents.items():
            async for record in self._range(tp, first, end):
                yield record

    async def at(self, tp: TopicPartition, offset: int) -> Record | None:
        """The record at `offset`, which must be before the end of the log; None when it no longer exists."""
        async for record in self._range(tp, offset, offset + 1):
            if record.offset == offset:
                return record
        return None

    async def _range(self, tp: TopicPartition, first: int, end: int) -> AsyncIterator[Record]:
        if first >= end:
            return
        self._consumer.assign([tp])
        self._consumer.seek(tp, first)
        # Compare positions, not records: transaction markers have offsets, but are not delivered.
        while (position := await self._consumer.position(tp)) < end:
            for record in await self._next(tp, position, end):
                if record.offset < end:
                    yield record

    async def _next(self, tp: TopicPartition, position: int, end: int) -> list[Record]:
        try:
            batch = await self._consumer.getmany(tp, timeout_ms=POLL_MS, max_records=min(end - position, 500))
        except KafkaError:
            raise
        except Exception as error:
            raise OperatorError(
                f"The records of {tp.topic}/{tp.partition} from offset {position} on cannot be decoded "
                f"({type(error).__name__}): choose a range before or after them."
            ) from None
        records: list[Record] = batch.get(tp, [])
        return records
