"""A poll that a rebalance came into loses nothing: what it took is taken again."""

from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offsets import Offsets
from services.common.messaging.consumer.poller import FairPoller
from services.common.messaging.fetching import Door

OURS, NEW, GONE = (TopicPartition("entries", number) for number in range(3))


class Consumer:
    """The client library's consumer, in the moment in which a rebalance ends within a poll."""

    def __init__(
        self, before: set[TopicPartition], after: set[TopicPartition], found: Mapping[TopicPartition, int]
    ) -> None:
        self._assignment = before
        self._after = after
        self._found = found
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return self._assignment

    async def getmany(self, *_: object, **__: object) -> dict[TopicPartition, list[Any]]:
        self._assignment = self._after
        return {tp: [record(tp, offset), record(tp, offset + 1)] for tp, offset in self._found.items()}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.sought[tp] = offset


def record(tp: TopicPartition, offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 1, None, None, None, -1, -1, ())


def poller(finished: dict[TopicPartition, int]) -> FairPoller:
    offsets = Offsets()
    offsets.finished = finished
    return FairPoller(offsets, Door(), ConsumerHealth("accounts"))


async def test_what_was_taken_after_a_rebalance_is_taken_again() -> None:
    consumer = Consumer({OURS}, {OURS, NEW}, {OURS: 5, NEW: 7})
    assert await poller({})(consumer) == ()
    assert consumer.sought == {OURS: 5, NEW: 7}


async def test_what_was_taken_beyond_what_was_finished_is_taken_again_from_there() -> None:
    consumer = Consumer({OURS, GONE}, {OURS}, {OURS: 5, GONE: 9})
    assert await poller({OURS: 3})(consumer) == ()
    assert consumer.sought == {OURS: 3}


async def test_without_a_rebalance_what_was_taken_is_handed_over() -> None:
    consumer = Consumer({OURS}, {OURS}, {OURS: 5})
    assert [each.offset for each in await poller({})(consumer)] == [5, 6]
    assert consumer.sought == {}
