"""Those who ask at the same time share an answer's cost, and nothing else."""

import asyncio
from collections.abc import Sequence

import pytest

from services.common.runtime.coalescing import MOST, Coalescer


class Doubling:
    """Answers a number with its double, after `go`; refuses a batch that holds a negative one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.gathering = Coalescer(self.answer)

    async def answer(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.go.wait()
        if min(numbers) < 0:
            raise ValueError("a negative number")
        return [2 * number for number in numbers]


async def _begun(*questions: int, doubling: Doubling) -> list[asyncio.Task[int]]:
    """Asked, and on their way."""
    tasks = [asyncio.create_task(doubling.gathering.ask(each)) for each in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_while_others_are_answered_is_answered_together_and_to_each_its_own() -> None:
    doubling = Doubling()
    first = await _begun(1, doubling=doubling)
    others = await _begun(2, 3, 4, doubling=doubling)
    doubling.go.set()
    assert await asyncio.gather(*first, *others) == [2, 4, 6, 8]
    assert doubling.batches == [[1], [2, 3, 4]]


async def test_one_who_leaves_leaves_the_others_their_answer() -> None:
    doubling = Doubling()
    leaving, staying = await _begun(1, 2, doubling=doubling)
    leaving.cancel()
    doubling.go.set()
    assert await staying == 4


async def test_a_failure_is_told_to_those_who_asked_together_and_to_nobody_later() -> None:
    doubling = Doubling()
    first, second = await _begun(-1, 1, doubling=doubling)
    later = await _begun(3, doubling=doubling)
    doubling.go.set()
    for failed in (first, second):
        with pytest.raises(ValueError, match="negative"):
            await failed
    assert await later[0] == 6


async def test_a_crowd_is_answered_in_parts() -> None:
    doubling = Doubling()
    doubling.go.set()
    tasks = await _begun(*range(2 * MOST + 1), doubling=doubling)
    assert await asyncio.gather(*tasks) == [2 * number for number in range(2 * MOST + 1)]
    assert max(map(len, doubling.batches)) == MOST
