"""What one account may upload: files and bytes in an hour, bytes in all, and at once."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cachetools import TTLCache
from starlette.types import Message, Receive

from gateway.limits.accounts import AccountLimit
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from services.common.contracts.intake import Who
from services.common.http import problem_types
from services.common.http.problems import Problem

UPLOADS: Final = 16
"""Concurrent uploads: as many as one documents process accepts."""

FURTHER_UPLOADS: Final = 8
"""Uploads in progress up to which an account may begin a further one. The places above are for the first of an account,
so that a few accounts with slow uploads cannot take all places.
"""

UPLOADS_OF_ONE_ACCOUNT: Final = 4

CHUNK_TIMEOUT: Final = 30.0
"""Seconds to wait for the next chunk of a file."""

MINIMUM_SPEED: Final = 8 * 1024
"""Bytes a second that a file must arrive with on average, after the first `GRACE_SECONDS` seconds."""

GRACE_SECONDS: Final = 20.0


_MAX_STORED: Final = 50_000
_STORED_SECONDS: Final = 24 * 3600.0


@dataclass(slots=True)
class UploadLimits:
    """`quota`: the bytes that may be stored for one account.

    `stored`: the files that this replica stored in the last day. A repetition of one does not count.
    """

    account_limit: AccountLimit
    quota: Mapping[Who, int]
    limit: ConcurrencyLimit
    places: KeyedLimit
    stored: TTLCache[UUID, None] = field(default_factory=lambda: TTLCache(_MAX_STORED, _STORED_SECONDS))

    @contextmanager
    def place(self, account_id: UUID) -> Iterator[None]:
        """A place for one upload. Raises the problem `too-many-at-once` or `busy`."""
        if account_id in self.places and self.limit.in_progress >= FURTHER_UPLOADS:
            raise self.limit.rejection(problem_types.TOO_MANY_AT_ONCE)
        with self.places.acquire(account_id), self.limit:
            yield


class TimedBody:
    """The body of an upload. Raises the problem `too-slow` when it pauses or is slower than `MINIMUM_SPEED`.

    Only the time that we wait for the client counts: not the time in which the object store takes what arrived. `received`: the
    bytes so far.
    """

    def __init__(self, receive: Receive, clock: Callable[[], float] = time.monotonic) -> None:
        self._receive = receive
        self._clock = clock
        self._waited = 0.0
        self.received = 0

    async def __call__(self) -> Message:
        if not self.seconds_left:
            raise _too_slow()
        started = self._clock()
        try:
            async with asyncio.timeout(min(CHUNK_TIMEOUT, self.seconds_left)):
                message = await self._receive()
        except TimeoutError:
            raise _too_slow() from None
        self._waited += self._clock() - started
        self.received += len(message.get("body", b""))
        return message

    @property
    def seconds_left(self) -> float:
        """How long the next chunk may take."""
        return max(0.0, GRACE_SECONDS + self.received / MINIMUM_SPEED - self._waited)


def _too_slow() -> Problem:
    return Problem(problem_types.TOO_SLOW, headers={"Connection": "close"})
