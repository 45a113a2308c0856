"""Why a try does not deliver, how often each may happen, and how long to wait before the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class FailureKind(StrEnum):
    """Why a try did not deliver."""

    AWAY = "away"
    """The mail server or the gateway cannot be reached: it says nothing about this delivery."""

    DEFERRED = "deferred"
    """The provider says: not now, this one."""

    REFUSED = "refused"
    """The provider says: never, this one."""

    LOST = "lost"
    """Whoever held the lease vanished; perhaps the mail left, perhaps not."""

    BUG = "bug"
    """Our own code failed on it."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How many tries may end this way (None: as many as fit in `GIVE_UP_AFTER`), and the longest wait between two."""

    tries: int | None
    longest: timedelta


RETRY_POLICIES: Final[Mapping[FailureKind, RetryPolicy]] = {
    FailureKind.AWAY: RetryPolicy(None, timedelta(minutes=1)),
    FailureKind.DEFERRED: RetryPolicy(30, timedelta(minutes=15)),
    FailureKind.REFUSED: RetryPolicy(1, timedelta(0)),
    FailureKind.LOST: RetryPolicy(10, timedelta(0)),
    FailureKind.BUG: RetryPolicy(5, timedelta(minutes=1)),
}

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""Counted from the first try: a notice that is a day late informs nobody, and everything ends in a visible state."""

FIRST_WAIT: Final = timedelta(seconds=1)
_DOUBLINGS: Final = 20


def backoff(failures: int, longest: timedelta, chance: float) -> timedelta:
    """How long to wait after so many failures: doubling from a second to `longest`, the last half of it by chance."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(failures - 1, _DOUBLINGS)
    return min(doubled, longest) * (0.5 + chance / 2)
