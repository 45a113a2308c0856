"""Where a member stands in each partition it holds, by what it finished and not by what it fetched."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

ANSWER_TIMEOUT: Final = 5.0
"""Seconds the broker has to say where its log starts or ends.

Bounds are `asyncio.timeout`: `wait_for` of Python 3.11 can swallow a cancellation that arrives with its result.
"""


Gap = tuple[int, int]
"""The offset after what was finished, and that of the record which came instead."""


class Offsets:
    """`finished[tp]` is the offset after the last record that ended; `unknown` are partitions nothing was learned of."""

    def __init__(self) -> None:
        self.finished: dict[TopicPartition, int] = {}
        self.unknown: frozenset[TopicPartition] = frozenset()
        self._asked_again: dict[TopicPartition, Gap] = {}

    async def learn(self, consumer: AIOKafkaConsumer, assigned: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Take up `assigned`; those of them whose committed offset the log no longer reaches.

        Raises `KafkaError` or `TimeoutError`, and then all of `assigned` are `unknown`.
        """
        self.finished.clear()
        self.unknown = frozenset(assigned)
        if not assigned:
            return []
        gone: list[TopicPartition] = []
        async with asyncio.timeout(ANSWER_TIMEOUT):
            starts = await consumer.beginning_offsets(list(assigned))
            committed = await asyncio.gather(*map(consumer.committed, assigned))
        for tp, offset in zip(assigned, committed, strict=True):
            if offset is not None and offset < starts[tp]:
                gone.append(tp)
            self.finished[tp] = starts[tp] if offset is None else offset
        self.unknown = frozenset()
        return gone

    def advance(self, after: Mapping[TopicPartition, int]) -> None:
        self.finished.update(after)

    def gaps(self, first: Mapping[TopicPartition, int]) -> dict[TopicPartition, Gap]:
        """Partitions whose next record is not the one that should follow: the log was cut, or a poll was lost.

        One that was asked for again and begins at the same place has no gap: a transaction's marker takes an offset
        and is never delivered.
        """
        found = {tp: (done, at) for tp, at in first.items() if at > (done := self.finished.get(tp, at))}
        return {tp: gap for tp, gap in found.items() if self._asked_again.get(tp) != gap}

    async def cut(self, consumer: AIOKafkaConsumer, gaps: Mapping[TopicPartition, Gap]) -> list[TopicPartition]:
        """Those of `gaps` whose log really begins after what was finished. A rebalance makes gaps that close again.

        Only now are they known as asked for again: one that could not be judged is judged the next time.
        """
        async with asyncio.timeout(ANSWER_TIMEOUT):
            starts = await consumer.beginning_offsets(list(gaps))
        self._asked_again |= gaps
        return [tp for tp in gaps if starts[tp] > self.finished.get(tp, 0)]

    async def ends(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """The end of every held partition's log now. Raises `KafkaError` or `TimeoutError`."""
        held = list(consumer.assignment())
        if not held:
            return {}
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return dict(await consumer.end_offsets(held))

    async def processed_offsets(
        self, consumer: AIOKafkaConsumer, in_hand: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Up to where everything in a partition has ended: what was read of it, where none of it is `in_hand`.

        Transactions' markers, and records of aborted ones, are read and never delivered. Raises `TimeoutError`.
        """
        async with asyncio.timeout(ANSWER_TIMEOUT):
            idle = (consumer.assignment() & self.finished.keys()) - set(in_hand)
            read = {tp: await consumer.position(tp) for tp in idle}
        return {tp: max(done, read.get(tp, 0)) for tp, done in self.finished.items()}


def lag(ends: Mapping[TopicPartition, int], processed_offsets: Mapping[TopicPartition, int]) -> int:
    """Records that wait, over all partitions."""
    return sum(max(0, end - processed_offsets.get(tp, end)) for tp, end in ends.items())


def held_back_in(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Where each partition stops for us although more lies there: at the first record of an open transaction."""
    stable = {tp: consumer.last_stable_offset(tp) for tp in consumer.assignment()}
    return {tp: at for tp, at in stable.items() if at is not None and at < (consumer.highwater(tp) or 0)}
