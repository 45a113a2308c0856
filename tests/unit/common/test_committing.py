"""Commits run beside the work: one at a time, and none for partitions that are given out anew."""

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offset_committer import OffsetCommitter
from tests.support.waiting import eventually

OURS, OTHERS = (TopicPartition("entries", number) for number in range(2))


class Consumer:
    """The client library's consumer; each commit waits until it is answered."""

    def __init__(self) -> None:
        self.asked: list[Mapping[TopicPartition, int]] = []
        self._answers: asyncio.Queue[KafkaError | None] = asyncio.Queue()
        self.under_way = asyncio.Event()

    def assignment(self) -> set[TopicPartition]:
        return {OURS}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.asked.append(offsets)
        self.under_way.set()
        if (error := await self._answers.get()) is not None:
            raise error

    def answer(self, error: KafkaError | None = None) -> None:
        self._answers.put_nowait(error)


def committer(consumer: Consumer) -> tuple[OffsetCommitter, ConsumerHealth]:
    health = ConsumerHealth("accounts")
    return OffsetCommitter(lambda: consumer, health), health


async def test_the_next_commit_waits_for_the_one_before() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    await committing.commit({OURS: 1})
    await consumer.under_way.wait()
    second = asyncio.create_task(committing.commit({OURS: 2}))
    consumer.answer()
    consumer.answer()
    await second
    await committing.drain()
    assert consumer.asked == [{OURS: 1}, {OURS: 2}]


async def test_what_is_not_held_any_more_is_not_committed() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    await committing.commit({OTHERS: 5})
    await committing.drain()
    assert consumer.asked == []


async def test_what_was_handed_over_is_not_tried_again() -> None:
    consumer = Consumer()
    committing, health = committer(consumer)
    await committing.commit({OURS: 1})
    consumer.answer(CommitFailedError())
    await committing.drain()
    assert consumer.asked == [{OURS: 1}]
    assert health.outage is None


async def test_a_rebalance_gives_up_what_is_under_way() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    await committing.commit({OURS: 1})
    await consumer.under_way.wait()
    committing.abandon()
    await committing.drain()
    assert consumer.asked == [{OURS: 1}]


async def test_a_commit_that_fails_says_so_and_is_tried_again() -> None:
    consumer = Consumer()
    committing, health = committer(consumer)
    await committing.commit({OURS: 1})
    consumer.answer(KafkaError())
    await eventually(lambda: _cut_off(health))
    consumer.answer()
    await committing.drain()
    assert consumer.asked == [{OURS: 1}, {OURS: 1}]
    assert health.cut_off_since == {}


async def _cut_off(health: ConsumerHealth) -> bool:
    return "offsets" in health.cut_off_since
