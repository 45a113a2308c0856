"""Commits run beside the work: one at a time, the newest offsets, and none for partitions that are given out anew."""

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from services.common.messaging.committing import Committer
from services.common.messaging.progress import Progress

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


def committer(consumer: Consumer) -> tuple[Committer, Progress]:
    progress = Progress("accounts")
    return Committer(lambda: consumer, progress), progress


async def test_what_ends_during_a_commit_goes_with_the_next() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    committing.ended({OURS: 1})
    await consumer.under_way.wait()
    for offset in (2, 3):
        committing.ended({OURS: offset})
    consumer.answer()
    consumer.answer()
    await committing.settled()
    assert consumer.asked == [{OURS: 1}, {OURS: 3}]


async def test_what_is_not_held_any_more_is_not_committed() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    committing.ended({OTHERS: 5})
    await committing.settled()
    assert consumer.asked == []


async def test_what_was_handed_over_is_not_tried_again() -> None:
    consumer = Consumer()
    committing, progress = committer(consumer)
    committing.ended({OURS: 1})
    consumer.answer(CommitFailedError())
    await committing.settled()
    assert consumer.asked == [{OURS: 1}]
    assert progress.outage is None


async def test_a_rebalance_forgets_what_is_due_and_not_yet_asked_for() -> None:
    consumer = Consumer()
    committing, _ = committer(consumer)
    committing.ended({OURS: 1})
    await consumer.under_way.wait()
    committing.ended({OURS: 2})
    committing.forget()
    consumer.answer()
    await committing.settled()
    assert consumer.asked == [{OURS: 1}]


async def test_a_commit_that_fails_says_so_and_is_tried_with_the_newest_offsets() -> None:
    consumer = Consumer()
    committing, progress = committer(consumer)
    committing.ended({OURS: 1})
    await consumer.under_way.wait()
    committing.ended({OURS: 2})
    consumer.answer(KafkaError())
    consumer.answer()
    await committing.settled()
    assert consumer.asked == [{OURS: 1}, {OURS: 2}]
    assert progress.cut_off_since == {}
