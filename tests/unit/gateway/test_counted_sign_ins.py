"""What counts for which limit of sign-ins, with counters in memory."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from gateway.accounts.guesses import NETWORK, PAIR, SIGN_IN_SPACING, Attempt, Guesses
from gateway.limits.counters import Window
from tests.unit.gateway.builders import NOON

OWNER = UUID(int=1)


class CountersInMemory:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._next_at: dict[str, datetime] = {}

    async def add(self, key: str, window: Window, count: int) -> dict[str, int]:
        self._counts[key] += count
        return {"count": self._counts[key]}

    async def value(self, key: str, window: Window, field: str) -> int:
        return self._counts[key]

    async def turn(self, key: str, window: Window, now: datetime, spacing: int) -> int:
        if (next_at := self._next_at.get(key, now)) > now:
            return int((next_at - now).total_seconds())
        self._next_at[key] = now + timedelta(seconds=spacing)
        return 0


def attempt(number: int, seconds: int) -> Attempt:
    return Attempt(UUID(int=number), "net", known=True, at=NOON + timedelta(seconds=seconds))


async def test_an_owner_behind_a_guessing_network_waits_for_the_network_alone() -> None:
    guesses = Guesses(cast("Any", CountersInMemory()))
    for _ in range(PAIR.burst - 1):
        assert await guesses.take(attempt(1, 0)) == 0
    for number in range(NETWORK.burst):
        await guesses.take(attempt(100 + number, 1))
    assert 0 < await guesses.take(attempt(1, 1)) <= NETWORK.spacing
    assert await guesses.take(attempt(1, 1 + NETWORK.spacing)) == 0


async def test_right_passwords_have_a_limit_of_the_account_that_wrong_ones_do_not_use_up() -> None:
    guesses = Guesses(cast("Any", CountersInMemory()))
    for _ in range(20):
        await guesses.take(attempt(1, 0))
        await guesses.was_wrong(attempt(1, 0))
    assert [await guesses.sign_in(attempt(1, 0), most=5) for _ in range(7)] == [0] * 5 + [SIGN_IN_SPACING] * 2
    assert await guesses.sign_in(attempt(2, 0), most=5) == 0
    assert await guesses.sign_in(attempt(1, SIGN_IN_SPACING), most=5) == 0
    assert await guesses.sign_in(attempt(1, SIGN_IN_SPACING), most=5) == SIGN_IN_SPACING
