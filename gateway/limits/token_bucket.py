"""A rate limit: one token bucket for each key, in bounded memory."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from cachetools import LRUCache

_MAX_KEYS: Final = 20_000


class RateLimit:
    """Each key has `burst` tokens and gets a new one every `refill` seconds.

    Take the token before the attempt, and give it back if the attempt does not count: concurrent attempts then cannot
    exceed the limit.
    """

    def __init__(self, burst: int, refill: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._refill = refill
        self._clock = clock
        # By key: the tokens, and the time at which they were counted.
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_MAX_KEYS)

    def take(self, key: str) -> int:
        """Take one token. Returns 0, or the seconds to wait when no token is left."""
        tokens = self._tokens(key)
        if tokens >= 1:
            self._save(key, tokens - 1)
        return self._wait(tokens)

    def wait(self, key: str) -> int:
        """The seconds to wait for a token; 0 if there is one."""
        return self._wait(self._tokens(key))

    def give_back(self, key: str) -> None:
        """Return a token: the attempt does not count."""
        self._save(key, min(self._burst, self._tokens(key) + 1))

    def used_share(self, key: str) -> float:
        """The share of the burst that is used now, from 0 to 1."""
        return 1 - self._tokens(key) / self._burst

    def _wait(self, tokens: float) -> int:
        return 0 if tokens >= 1 else max(1, ceil((1 - tokens) * self._refill))

    def _tokens(self, key: str) -> float:
        tokens, counted_at = self._buckets.get(key, (float(self._burst), 0.0))
        return min(self._burst, tokens + (self._clock() - counted_at) / self._refill)

    def _save(self, key: str, tokens: float) -> None:
        self._buckets[key] = (tokens, self._clock())
