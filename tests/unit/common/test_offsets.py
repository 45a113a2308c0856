"""The offset tracker: a gap counts as truncation only after the broker was asked."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.common.messaging.consumer.offsets import OffsetTracker

HERE = TopicPartition("t", 0)


class Broker:
    """Answers where logs start; with None it does not answer in time."""

    def __init__(self, starts: int | None) -> None:
        self._starts = starts

    async def beginning_offsets(self, partitions: Sequence[Any]) -> dict[Any, int]:
        if self._starts is None:
            raise TimeoutError
        return dict.fromkeys(partitions, self._starts)


def consumer_with(starts: int | None) -> AIOKafkaConsumer:
    return cast(AIOKafkaConsumer, Broker(starts))


async def test_a_gap_that_could_not_be_checked_is_found_again() -> None:
    offsets = OffsetTracker()
    offsets.mark_processed({HERE: 100})
    gaps = offsets.find_gaps({HERE: 200})
    with pytest.raises(TimeoutError):
        await offsets.find_truncated(consumer_with(None), gaps)
    assert offsets.find_gaps({HERE: 200}) == gaps == {HERE: (100, 200)}


async def test_a_gap_that_was_checked_and_stays_is_not_found_again() -> None:
    offsets = OffsetTracker()
    offsets.mark_processed({HERE: 100})
    assert await offsets.find_truncated(consumer_with(0), offsets.find_gaps({HERE: 200})) == []
    assert offsets.find_gaps({HERE: 200}) == {}
    assert offsets.find_gaps({HERE: 201}) == {HERE: (100, 201)}


async def test_a_log_that_starts_after_the_next_offset_is_truncated() -> None:
    offsets = OffsetTracker()
    offsets.mark_processed({HERE: 100})
    assert await offsets.find_truncated(consumer_with(200), offsets.find_gaps({HERE: 200})) == [HERE]
