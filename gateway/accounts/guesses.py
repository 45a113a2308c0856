"""Limits of wrong passwords. They are counted in the store, for all replicas, and survive a restart.

Each network is limited, and each network at each account. No limit adds up the guesses of all networks at one account: it
would lock the owner out. Instead, at an account that strangers guess at, a strange network gets fewer guesses at once.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NamedTuple
from uuid import UUID

from cachetools import LRUCache

from gateway.limits.accounts import HOUR
from gateway.limits.counters import Counters, window_of

ATTACKED_FROM: Final = 60
"""Wrong guesses of strange networks in an hour, from which on an account counts as attacked."""

_MAX_CLOSED: Final = 20_000


class GuessLimit(NamedTuple):
    """`burst` attempts in an hour, then one every `spacing` seconds: nobody waits longer than 30 s."""

    burst: int
    spacing: int


NETWORK: Final = GuessLimit(burst=100, spacing=2)
PAIR: Final = GuessLimit(burst=10, spacing=30)
STRANGER_AT_ATTACKED: Final = GuessLimit(burst=1, spacing=30)
SIGN_IN_SPACING: Final = 30
"""Seconds from one sign-in of an account to the next, when it had those of its hour."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`known`: whether the account's owner has signed in from this network before. `at`: the windows that count it."""

    account_id: UUID
    network: str
    known: bool
    at: datetime

    @property
    def pair(self) -> str:
        return f"pair {self.account_id} {self.network}"


@dataclass(slots=True)
class Guesses:
    counters: Counters
    _closed: LRUCache[str, datetime] = field(default_factory=lambda: LRUCache(_MAX_CLOSED))

    async def take(self, attempt: Attempt) -> int:
        """Count the attempt; 0 if a password may be tried, or the seconds until then.

        It is counted before the password is verified: concurrent attempts cannot exceed a limit by more than a few.
        """
        if (until := self._closed.get(attempt.pair, attempt.at)) > attempt.at:
            return ceil((until - attempt.at).total_seconds())
        # The network first: an attempt that it refuses must not take the turn at the account, which comes every 30 s.
        wait = await self._take(_network(attempt), NETWORK, attempt.at)
        wait = wait or await self._take(attempt.pair, await self._limit_of(attempt), attempt.at)
        if wait:
            self._closed[attempt.pair] = attempt.at + timedelta(seconds=wait)
        return wait

    async def give_back(self, attempt: Attempt) -> None:
        """The password was right: the attempt does not count, and others that waited for it may try again."""
        self._closed.pop(attempt.pair, None)
        hour = window_of(HOUR, attempt.at)
        await asyncio.gather(*(self.counters.add(key, hour, count=-1) for key in (attempt.pair, _network(attempt))))

    async def sign_in(self, attempt: Attempt, most: int) -> int:
        """Count a sign-in with the right password: 0, or the seconds until the account may sign in again, after `most` in an
        hour. Nobody else can use them up.
        """
        return await self._take(f"sign-ins {attempt.account_id}", GuessLimit(most, SIGN_IN_SPACING), attempt.at)

    async def was_wrong(self, attempt: Attempt) -> None:
        if not attempt.known:
            await self.counters.add(_strangers(attempt), window_of(HOUR, attempt.at), count=1)

    async def _limit_of(self, attempt: Attempt) -> GuessLimit:
        if attempt.known:
            return PAIR
        wrong = await self.counters.value(_strangers(attempt), window_of(HOUR, attempt.at), "count")
        return STRANGER_AT_ATTACKED if wrong >= ATTACKED_FROM else PAIR

    async def _take(self, key: str, limit: GuessLimit, now: datetime) -> int:
        hour = window_of(HOUR, now)
        if (await self.counters.add(key, hour, count=1))["count"] < limit.burst:
            return 0
        return await self.counters.turn(key, hour, now, limit.spacing)


def _network(attempt: Attempt) -> str:
    return f"network {attempt.network}"


def _strangers(attempt: Attempt) -> str:
    return f"strangers {attempt.account_id}"
