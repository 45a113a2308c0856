"""A rate limit: a token bucket for each key, in bounded memory."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from cachetools import LRUCache

_KEYS: Final = 20_000


class RateLimit:
    """`burst` at once for each key, and one more every `refill` seconds.

    A token is taken before the try is known to fail, so that many tries at the same moment do not slip through.
    """

    def __init__(self, burst: int, refill: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._refill = refill
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_KEYS)

    def take(self, key: str) -> int:
        """Take one token. 0, or the seconds to wait when there is none left."""
        left = self._left(key)
        if left < 1:
            return max(1, ceil((1 - left) * self._refill))
        self._keep(key, left - 1)
        return 0

    def give_back(self, key: str) -> None:
        """The try does not count."""
        self._keep(key, min(self._burst, self._left(key) + 1))

    def _left(self, key: str) -> float:
        left, then = self._buckets.get(key, (float(self._burst), 0.0))
        return min(self._burst, left + (self._clock() - then) / self._refill)

    def _keep(self, key: str, left: float) -> None:
        self._buckets[key] = (left, self._clock())
