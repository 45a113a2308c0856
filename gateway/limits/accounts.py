"""Limits of what one account may do: a burst in each replica, and an hour that all replicas share.

A replica counts the burst in memory. It learns the hour from the store, in the background and after the answer, so that no
request waits for the store, and none is refused because the store is unavailable.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final, Protocol
from uuid import UUID

from cachetools import LRUCache, TTLCache

from gateway.accounts.domain import Session
from gateway.limits.token_bucket import RateLimit
from services.common.contracts.intake import Who
from services.common.domain.errors import StoreUnavailable
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.telemetry import security

HOUR: Final = 3600
"""Seconds."""

EXAMINED: Final = (10, 1.0)
"""Requests of an account over its limit that are examined all the same, because each may repeat one that was accepted: a
burst, and the seconds until one more. The others are refused before their body is read.
"""

_MAX_ACCOUNTS: Final = 20_000
_REFUSED_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """`per_hour` in all replicas together; `burst` at once in each."""

    per_hour: int
    burst: int


class Hour(Protocol):
    """What an account did in the current hour, in all replicas."""

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        """Seconds until the account may do more; 0 if it may now. `amounts`: what it has just done."""


class AccountLimit:
    """`name` is the name of the limit in the `RateLimit` headers and in the security log.

    `read_from`: the share of the burst from which on a use is followed by a read of the store. Above 0 an ordinary account
    causes none. An account that stays below it, and does as much at every replica, is read after each such share of the burst.
    """

    def __init__(
        self,
        name: str,
        allowances: Mapping[Who, Allowance],
        hour: Hour,
        *,
        read_from: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._allowances = allowances
        self._buckets: dict[Who, RateLimit] = {
            who: RateLimit(each.burst, HOUR / each.per_hour, clock) for who, each in allowances.items()
        }
        self._hour = hour
        self._read_from = read_from
        self._clock = clock
        self._closed_until: LRUCache[UUID, float] = LRUCache(_MAX_ACCOUNTS)
        self._since_read: LRUCache[UUID, int] = LRUCache(_MAX_ACCOUNTS)
        self._refused: TTLCache[UUID, None] = TTLCache(_MAX_ACCOUNTS, _REFUSED_SECONDS, clock)
        self._examined = RateLimit(*EXAMINED, clock)
        self._tasks: set[asyncio.Task[None]] = set()

    def wait(self, session: Session) -> int:
        """Seconds until the account may go on; 0 if it may now. Takes nothing."""
        return max(ceil(self._closed_for(session)), self._buckets[session.who].wait(session.account_id.hex))

    @contextmanager
    def use(self, session: Session) -> Iterator[dict[str, int]]:
        """Counts one use, unless the block raises. Raises the problem `limit-reached`.

        The block may add further amounts to what it gets, or empty it: then the use does not count. What it added counts even if
        it raises.
        """
        bucket, key = self._buckets[session.who], session.account_id.hex
        if self._closed_for(session) > 0 or bucket.take(key):
            raise self.refusal(session)
        amounts = {"count": 1}
        try:
            yield amounts
        except BaseException:
            amounts.pop("count", None)
            raise
        finally:
            if "count" not in amounts:
                bucket.give_back(key)
            if amounts and self._is_read_due(session, bucket.used_share(key)):
                self._learn_later(session, amounts)

    def refusal(self, session: Session) -> Problem:
        """The problem of one refused request. The security log counts it."""
        self._refused[session.account_id] = None
        security.report("limit-reached", self._name, account=session.account_id)
        wait, allowance = max(1, self.wait(session)), self._allowances[session.who]
        headers = {
            "RateLimit-Policy": f'"{self._name}";q={allowance.per_hour};w={HOUR}',
            "RateLimit": f'"{self._name}";r=0;t={wait}',
        }
        return Problem(problem_types.LIMIT_REACHED, retry_after=wait, headers=headers)

    @property
    def has_refused(self) -> bool:
        """Whether any account was refused within the last minute. Cheap: nearly always it is False."""
        return len(self._refused) > 0

    def is_flooded(self, session: Session) -> bool:
        """Whether the account is over its limit, and has sent more than is examined all the same: see `EXAMINED`."""
        return self.wait(session) > 0 and self._examined.take(session.account_id.hex) > 0

    def _closed_for(self, session: Session) -> float:
        """Seconds until the account's hour is over; 0 or less if it is open."""
        if not self._closed_until:
            return 0.0
        return self._closed_until.get(session.account_id, 0.0) - self._clock()

    def _is_read_due(self, session: Session, used_share: float) -> bool:
        """Counts a use. The bucket refills at the rate of the hour: it alone would allow the whole hour at each replica."""
        uses = self._since_read.get(session.account_id, 0) + 1
        due = max(used_share, uses / self._allowances[session.who].burst) >= self._read_from
        self._since_read[session.account_id] = 0 if due else uses
        return due

    def _learn_later(self, session: Session, amounts: Mapping[str, int]) -> None:
        task = asyncio.create_task(self._learn(session, amounts))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _learn(self, session: Session, amounts: Mapping[str, int]) -> None:
        try:
            wait = await self._hour.wait(session, amounts)
        except StoreUnavailable:
            return
        if wait > 0:
            self._closed_until[session.account_id] = self._clock() + wait
