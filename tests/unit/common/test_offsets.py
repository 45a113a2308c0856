"""Where a member stands: a gap is judged before it is believed."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.common.messaging.consumer.offsets import Offsets

HERE = TopicPartition("t", 0)


class Broker:
    """A consumer's broker, which says where logs start, unless it is too slow to."""

    def __init__(self, starts: int | None) -> None:
        self._starts = starts

    async def beginning_offsets(self, partitions: Sequence[Any]) -> dict[Any, int]:
        if self._starts is None:
            raise TimeoutError
        return dict.fromkeys(partitions, self._starts)


def asked(starts: int | None) -> AIOKafkaConsumer:
    return cast(AIOKafkaConsumer, Broker(starts))


async def test_a_gap_that_could_not_be_judged_is_a_gap_again() -> None:
    offsets = Offsets()
    offsets.advance({HERE: 100})
    gaps = offsets.gaps({HERE: 200})
    with pytest.raises(TimeoutError):
        await offsets.cut(asked(None), gaps)
    assert offsets.gaps({HERE: 200}) == gaps == {HERE: (100, 200)}


async def test_a_gap_that_was_judged_and_comes_again_is_none() -> None:
    offsets = Offsets()
    offsets.advance({HERE: 100})
    assert await offsets.cut(asked(0), offsets.gaps({HERE: 200})) == []
    assert offsets.gaps({HERE: 200}) == {}
    assert offsets.gaps({HERE: 201}) == {HERE: (100, 201)}


async def test_a_log_that_begins_behind_what_was_finished_was_cut() -> None:
    offsets = Offsets()
    offsets.advance({HERE: 100})
    assert await offsets.cut(asked(200), offsets.gaps({HERE: 200})) == [HERE]
