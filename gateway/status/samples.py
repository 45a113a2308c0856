"""What records of the log say about the last hour: how long requests wait for their registration, and people for their notices.

Pure: no input or output. Only some records are read when there are many, so these are samples.
"""

from bisect import bisect_right, insort
from collections import deque
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NamedTuple

HOUR: Final = timedelta(hours=1)

MOST_KEPT: Final = 2_000
"""Samples of the last hour that are kept, the newest ones."""

ENOUGH_FOR_P99: Final = 100
"""With fewer samples the 99th percentile would be the slowest one."""


class RegistrationTimes(NamedTuple):
    """From filing to registration, in seconds, over requests of the last hour. `p99`: None if there are too few samples."""

    p50: float
    p99: float | None
    samples: int


class Registrations:
    """How long requests took from filing to registration, both by the clock of the broker."""

    def __init__(self) -> None:
        self._samples: deque[tuple[datetime, float]] = deque(maxlen=MOST_KEPT)

    def add(self, filed_at: datetime, registered_at: datetime) -> None:
        self._samples.append((registered_at, max(0.0, (registered_at - filed_at).total_seconds())))

    def times(self, now: datetime) -> RegistrationTimes | None:
        """None without a sample."""
        seconds = sorted(took for at, took in self._samples if now - at <= HOUR)
        if not seconds:
            return None
        p99 = percentile(seconds, 99) if len(seconds) >= ENOUGH_FOR_P99 else None
        return RegistrationTimes(percentile(seconds, 50), p99, len(seconds))


def percentile(ascending: list[float], percent: int) -> float:
    """The smallest value that at least `percent` of all do not exceed."""
    return ascending[max(0, ceil(len(ascending) * percent / 100) - 1)]


class WaitingNotices:
    """Since when a notice is due that has no outcome. Each registration is followed by the outcome of its notice.

    Outcomes of other notices count too: one address that does not take mail must not look like a standstill.
    """

    def __init__(self) -> None:
        self._last_outcome: datetime | None = None
        self._registered: list[datetime] = []

    def registered(self, at: datetime) -> None:
        if (self._last_outcome is None or at > self._last_outcome) and len(self._registered) < MOST_KEPT:
            insort(self._registered, at)

    def ended(self, at: datetime) -> None:
        """The outcome of a notice: it was sent, it failed for good, or nobody wanted it."""
        self._last_outcome = max(at, self._last_outcome or at)
        del self._registered[: bisect_right(self._registered, self._last_outcome)]

    def waiting(self, now: datetime) -> timedelta:
        """How long the oldest notice waits; zero if none does."""
        return max(timedelta(0), now - self._registered[0]) if self._registered else timedelta(0)
