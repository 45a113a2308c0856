"""Concurrent questions are answered in one batch, each with its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from services.common.runtime.coalescing import MAX_BATCH, Coalescer


class Doubling:
    """Answers a number with its double once `go` is set. Raises for a batch with a negative number."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.coalescer = Coalescer(self.answer)

    async def answer(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.go.wait()
        if min(numbers) < 0:
            raise ValueError("a negative number")
        return [2 * number for number in numbers]


async def _start(*questions: int, doubling: Doubling) -> list[asyncio.Task[int]]:
    """Ask the questions, and let their tasks run until they wait."""
    tasks = [asyncio.create_task(doubling.coalescer.ask(each)) for each in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_questions_that_arrive_during_a_batch_are_answered_together() -> None:
    doubling = Doubling()
    first = await _start(1, doubling=doubling)
    others = await _start(2, 3, 4, doubling=doubling)
    doubling.go.set()
    assert await asyncio.gather(*first, *others) == [2, 4, 6, 8]
    assert doubling.batches == [[1], [2, 3, 4]]


async def test_a_cancelled_question_does_not_cancel_the_others() -> None:
    doubling = Doubling()
    cancelled, other = await _start(1, 2, doubling=doubling)
    cancelled.cancel()
    doubling.go.set()
    assert await other == 4


async def test_a_failure_is_raised_to_its_batch_and_not_to_later_questions() -> None:
    doubling = Doubling()
    first, second = await _start(-1, 1, doubling=doubling)
    later = await _start(3, doubling=doubling)
    doubling.go.set()
    for failed in (first, second):
        with pytest.raises(ValueError, match="negative"):
            await failed
    assert await later[0] == 6


async def test_many_questions_are_answered_in_batches_of_limited_size() -> None:
    doubling = Doubling()
    doubling.go.set()
    tasks = await _start(*range(2 * MAX_BATCH + 1), doubling=doubling)
    assert await asyncio.gather(*tasks) == [2 * number for number in range(2 * MAX_BATCH + 1)]
    assert max(map(len, doubling.batches)) == MAX_BATCH
