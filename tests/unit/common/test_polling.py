"""A poll that a rebalance came into loses nothing: what it took is taken again. A flood leaves room for the others."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offsets import Offsets
from services.common.messaging.consumer.poller import FairPoller

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


class Flooded:
    """The client library's consumer, which empties what it fetched of one partition before it looks at the next."""

    def __init__(self, fetched: dict[TopicPartition, int]) -> None:
        self._left = {tp: [record(tp, offset) for offset in range(count)] for tp, count in fetched.items()}

    def assignment(self) -> set[TopicPartition]:
        return set(self._left)

    async def getmany(self, *asked: TopicPartition, max_records: int, **_: object) -> dict[TopicPartition, list[Any]]:
        found: dict[TopicPartition, list[Any]] = {}
        for tp in asked or self._left:
            found[tp], self._left[tp] = self._left[tp][:max_records], self._left[tp][max_records:]
            max_records -= len(found[tp])
        return found


def record(tp: TopicPartition, offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 1, None, None, None, -1, -1, ())


def poller(finished: dict[TopicPartition, int]) -> FairPoller:
    offsets = Offsets()
    offsets.finished = finished
    return FairPoller(offsets, ConsumerHealth("accounts"))


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


async def test_one_partition_in_flood_leaves_room_for_each_of_the_others() -> None:
    consumer = Flooded({OURS: 3 * MAX_RECORDS, NEW: 3, GONE: 2 * MAX_RECORDS})
    poll = poller({})
    found = [Counter(each.partition for each in await poll(consumer)) for _ in range(2)]
    assert sum(found[0].values()) == sum(found[1].values()) == MAX_RECORDS
    assert found[0][NEW.partition] == 3
    assert min(each[GONE.partition] for each in found) > MAX_RECORDS // 10


async def test_all_that_waits_is_taken_in_one_poll_and_in_order() -> None:
    consumer = Flooded({OURS: MAX_RECORDS - 3, NEW: 3})
    taken = await poller({})(consumer)
    assert [each.offset for each in taken if each.partition == OURS.partition] == list(range(MAX_RECORDS - 3))
    assert len(taken) == MAX_RECORDS


async def test_after_an_outage_half_as_much_is_taken_and_never_nothing() -> None:
    consumer, poll = Flooded({OURS: 3 * MAX_RECORDS}), poller({})
    poll.went_wrong()
    assert len(await poll(consumer)) == MAX_RECORDS // 2
    for _ in range(20):
        poll.went_wrong()
    assert len(await poll(consumer)) == 1
    for _ in range(20):
        poll.went_well()
    assert len(await poll(consumer)) == MAX_RECORDS
