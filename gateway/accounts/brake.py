"""The brake on what must not be done too often: a bucket of tries for each key, refilled slowly, in bounded memory."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from gateway.recent import Recent

_KEYS: Final = 20_000


class Brake:
    """`tries` at once for each key, and one more every `refill` seconds. A try is taken before it is known to fail:
    many at the same moment do not slip through.
    """

    def __init__(self, tries: int, refill: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._refill = refill
        self._clock = clock
        self._buckets = Recent[str, tuple[float, float]](_KEYS)

    def take(self, key: str) -> int:
        """Take one try. 0, or the seconds to wait when there is none left."""
        left = self._left(key)
        if left < 1:
            return max(1, ceil((1 - left) * self._refill))
        self._keep(key, left - 1)
        return 0

    def give_back(self, key: str) -> None:
        """The try was good: it does not count."""
        self._keep(key, min(self._tries, self._left(key) + 1))

    def _left(self, key: str) -> float:
        left, then = self._buckets.get(key, (float(self._tries), 0.0))
        return min(self._tries, left + (self._clock() - then) / self._refill)

    def _keep(self, key: str, left: float) -> None:
        self._buckets[key] = (left, self._clock())
