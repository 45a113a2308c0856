"""The poller loses no record when a rebalance ends during a poll, and gives each partition a share of the batch."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offsets import OffsetTracker
from services.common.messaging.consumer.poller import FairPoller

OURS, NEW, GONE = (TopicPartition("entries", number) for number in range(3))


class Consumer:
    """An aiokafka consumer whose assignment changes during `getmany`: a rebalance ends."""

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


class Flooded:
    """An aiokafka consumer that returns all records of one partition before those of the next, as aiokafka does."""

    def __init__(self, fetched: dict[TopicPartition, int]) -> None:
        self._left = {tp: [record(tp, offset) for offset in range(count)] for tp, count in fetched.items()}

    def assignment(self) -> set[TopicPartition]:
        return set(self._left)

    async def getmany(
        self, *partitions: TopicPartition, max_records: int, **_: object
    ) -> dict[TopicPartition, list[Any]]:
        found: dict[TopicPartition, list[Any]] = {}
        for tp in partitions or self._left:
            found[tp], self._left[tp] = self._left[tp][:max_records], self._left[tp][max_records:]
            max_records -= len(found[tp])
        return found


def record(tp: TopicPartition, offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 1, None, None, None, -1, -1, ())


def poller(next_offsets: dict[TopicPartition, int]) -> FairPoller:
    offsets = OffsetTracker()
    offsets.next_offsets = next_offsets
    return FairPoller(offsets, ConsumerHealth("accounts"))


async def test_records_polled_during_a_rebalance_are_polled_again() -> None:
    consumer = Consumer({OURS}, {OURS, NEW}, {OURS: 5, NEW: 7})
    assert await poller({})(consumer) == ()
    assert consumer.sought == {OURS: 5, NEW: 7}


async def test_after_a_rebalance_polling_continues_at_the_next_unprocessed_offset() -> None:
    consumer = Consumer({OURS, GONE}, {OURS}, {OURS: 5, GONE: 9})
    assert await poller({OURS: 3})(consumer) == ()
    assert consumer.sought == {OURS: 3}


async def test_without_a_rebalance_polled_records_are_returned() -> None:
    consumer = Consumer({OURS}, {OURS}, {OURS: 5})
    assert [each.offset for each in await poller({})(consumer)] == [5, 6]
    assert consumer.sought == {}


async def test_a_partition_with_many_records_leaves_a_share_to_each_other_partition() -> None:
    consumer = Flooded({OURS: 3 * MAX_RECORDS, NEW: 3, GONE: 2 * MAX_RECORDS})
    poll = poller({})
    found = [Counter(each.partition for each in await poll(consumer)) for _ in range(2)]
    assert sum(found[0].values()) == sum(found[1].values()) == MAX_RECORDS
    assert found[0][NEW.partition] == 3
    assert min(each[GONE.partition] for each in found) > MAX_RECORDS // 10


async def test_all_waiting_records_that_fit_are_polled_at_once_and_in_order() -> None:
    consumer = Flooded({OURS: MAX_RECORDS - 3, NEW: 3})
    polled = await poller({})(consumer)
    assert [each.offset for each in polled if each.partition == OURS.partition] == list(range(MAX_RECORDS - 3))
    assert len(polled) == MAX_RECORDS


async def test_a_failed_batch_halves_the_next_one_down_to_one_record() -> None:
    consumer, poll = Flooded({OURS: 3 * MAX_RECORDS}), poller({})
    poll.shrink_batches()
    assert len(await poll(consumer)) == MAX_RECORDS // 2
    for _ in range(20):
        poll.shrink_batches()
    assert len(await poll(consumer)) == 1
    for _ in range(20):
        poll.grow_batches()
    assert len(await poll(consumer)) == MAX_RECORDS
