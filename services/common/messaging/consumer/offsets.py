"""Tracks how far a member has processed each assigned partition, and finds records missing between two polls."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

ANSWER_TIMEOUT: Final = 5.0
"""Seconds that the broker has to answer where a log starts or ends.

The timeouts are `asyncio.timeout`: `wait_for` of Python 3.11 can swallow a cancellation that arrives with its result.
"""


Gap = tuple[int, int]
"""The offset that should come next, and the later offset that came instead."""


class OffsetTracker:
    """`next_offsets[tp]` is the offset after the last processed record: where processing continues.

    `unresolved` are assigned partitions whose committed offset is not known yet, because the broker did not answer.
    """

    def __init__(self) -> None:
        self.next_offsets: dict[TopicPartition, int] = {}
        self.unresolved: frozenset[TopicPartition] = frozenset()
        self._checked_gaps: dict[TopicPartition, Gap] = {}

    async def load_committed(
        self, consumer: AIOKafkaConsumer, assigned: Sequence[TopicPartition]
    ) -> list[TopicPartition]:
        """Start at the committed offsets of `assigned`. Returns those whose log now starts after the committed offset.

        Raises `KafkaError` or `TimeoutError`; all of `assigned` are then `unresolved`.
        """
        self.next_offsets.clear()
        self.unresolved = frozenset(assigned)
        if not assigned:
            return []
        truncated: list[TopicPartition] = []
        async with asyncio.timeout(ANSWER_TIMEOUT):
            starts = await consumer.beginning_offsets(list(assigned))
            committed = await asyncio.gather(*map(consumer.committed, assigned))
        for tp, offset in zip(assigned, committed, strict=True):
            if offset is not None and offset < starts[tp]:
                truncated.append(tp)
            self.next_offsets[tp] = starts[tp] if offset is None else offset
        self.unresolved = frozenset()
        return truncated

    def mark_processed(self, after: Mapping[TopicPartition, int]) -> None:
        """All records before these offsets have been processed."""
        self.next_offsets.update(after)

    def find_gaps(self, first: Mapping[TopicPartition, int]) -> dict[TopicPartition, Gap]:
        """Partitions whose batch starts later than it should: the log was truncated, or polled records were lost.

        A gap that `find_truncated` has checked, and that a second poll confirms, is not returned again: the marker at the
        end of a transaction takes an offset, but is never delivered.
        """
        gaps = {tp: (expected, at) for tp, at in first.items() if at > (expected := self.next_offsets.get(tp, at))}
        return {tp: gap for tp, gap in gaps.items() if self._checked_gaps.get(tp) != gap}

    async def find_truncated(
        self, consumer: AIOKafkaConsumer, gaps: Mapping[TopicPartition, Gap]
    ) -> list[TopicPartition]:
        """Those of `gaps` whose log now starts after the expected offset. The others close when polled again.

        Raises `KafkaError` or `TimeoutError`; the gaps then count as unchecked, and `find_gaps` returns them again.
        """
        async with asyncio.timeout(ANSWER_TIMEOUT):
            starts = await consumer.beginning_offsets(list(gaps))
        self._checked_gaps |= gaps
        return [tp for tp in gaps if starts[tp] > self.next_offsets.get(tp, 0)]

    async def end_offsets(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """The current end of the log of every assigned partition. Raises `KafkaError` or `TimeoutError`."""
        assigned = list(consumer.assignment())
        if not assigned:
            return {}
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return dict(await consumer.end_offsets(assigned))

    async def processed_offsets(
        self, consumer: AIOKafkaConsumer, polled: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """The offset of each partition before which everything has been processed. Raises `TimeoutError`.

        For a partition outside the last `polled` batch this is the consumer's position, which also covers transaction
        markers and aborted records: they are fetched, but never delivered.
        """
        async with asyncio.timeout(ANSWER_TIMEOUT):
            idle = (consumer.assignment() & self.next_offsets.keys()) - set(polled)
            positions = {tp: await consumer.position(tp) for tp in idle}
        return {tp: max(offset, positions.get(tp, 0)) for tp, offset in self.next_offsets.items()}


def lag(ends: Mapping[TopicPartition, int], processed_offsets: Mapping[TopicPartition, int]) -> int:
    """Unprocessed records, over all partitions."""
    return sum(max(0, end - processed_offsets.get(tp, end)) for tp, end in ends.items())


def open_transactions(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """The first offset of the open transaction in each partition that has one with records behind it."""
    stable = {tp: consumer.last_stable_offset(tp) for tp in consumer.assignment()}
    return {tp: at for tp, at in stable.items() if at is not None and at < (consumer.highwater(tp) or 0)}
