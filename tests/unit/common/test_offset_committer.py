"""Commits run in the background, one at a time, and only for partitions that are still assigned."""

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offset_committer import OffsetCommitter
from tests.support.waiting import eventually

OURS, OTHERS = (TopicPartition("entries", number) for number in range(2))


class Consumer:
    """An aiokafka consumer whose commits wait until `answer` is called."""

    def __init__(self) -> None:
        self.commits: list[Mapping[TopicPartition, int]] = []
        self._answers: asyncio.Queue[KafkaError | None] = asyncio.Queue()
        self.in_progress = asyncio.Event()

    def assignment(self) -> set[TopicPartition]:
        return {OURS}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.commits.append(offsets)
        self.in_progress.set()
        if (error := await self._answers.get()) is not None:
            raise error

    def answer(self, error: KafkaError | None = None) -> None:
        self._answers.put_nowait(error)


def create(consumer: Consumer) -> tuple[OffsetCommitter, ConsumerHealth]:
    health = ConsumerHealth("accounts")
    return OffsetCommitter(lambda: consumer, health), health


async def test_a_commit_waits_for_the_previous_one() -> None:
    consumer = Consumer()
    committer, _ = create(consumer)
    await committer.commit({OURS: 1})
    await consumer.in_progress.wait()
    second = asyncio.create_task(committer.commit({OURS: 2}))
    consumer.answer()
    consumer.answer()
    await second
    await committer.drain()
    assert consumer.commits == [{OURS: 1}, {OURS: 2}]


async def test_a_partition_that_is_no_longer_assigned_is_not_committed() -> None:
    consumer = Consumer()
    committer, _ = create(consumer)
    await committer.commit({OTHERS: 5})
    await committer.drain()
    assert consumer.commits == []


async def test_a_commit_that_fails_because_of_a_rebalance_is_not_retried() -> None:
    consumer = Consumer()
    committer, health = create(consumer)
    await committer.commit({OURS: 1})
    consumer.answer(CommitFailedError())
    await committer.drain()
    assert consumer.commits == [{OURS: 1}]
    assert health.outage is None


async def test_a_rebalance_abandons_the_commit_in_progress() -> None:
    consumer = Consumer()
    committer, _ = create(consumer)
    await committer.commit({OURS: 1})
    await consumer.in_progress.wait()
    committer.abandon()
    await committer.drain()
    assert consumer.commits == [{OURS: 1}]


async def test_a_failed_commit_is_reported_and_retried() -> None:
    consumer = Consumer()
    committer, health = create(consumer)
    await committer.commit({OURS: 1})
    consumer.answer(KafkaError())
    await eventually(lambda: _is_unanswered(health))
    consumer.answer()
    await committer.drain()
    assert consumer.commits == [{OURS: 1}, {OURS: 1}]
    assert health.unanswered_since == {}


async def _is_unanswered(health: ConsumerHealth) -> bool:
    return "offsets" in health.unanswered_since
