"""The kinds of failure, how many tries each allows, and the wait before the next try."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class FailureKind(StrEnum):
    """Why a try failed."""

    UNAVAILABLE = "unavailable"
    """The mail server or the gateway is unavailable. This says nothing about the delivery."""

    DEFERRED = "deferred"
    """The server rejects this mail for now."""

    REFUSED = "refused"
    """The server rejects this mail for good."""

    LOST = "lost"
    """The lease expired. The mail may have been sent or not."""

    BUG = "bug"
    """Our own code failed."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries`: how many may fail in this way (None: no limit but `GIVE_UP_AFTER`). `longest`: the longest wait."""

    tries: int | None
    longest: timedelta


RETRY_POLICIES: Final[Mapping[FailureKind, RetryPolicy]] = {
    FailureKind.UNAVAILABLE: RetryPolicy(None, timedelta(minutes=1)),
    FailureKind.DEFERRED: RetryPolicy(30, timedelta(minutes=15)),
    FailureKind.REFUSED: RetryPolicy(1, timedelta(0)),
    FailureKind.LOST: RetryPolicy(10, timedelta(0)),
    FailureKind.BUG: RetryPolicy(5, timedelta(minutes=1)),
}

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""Counted from the first try. After that the delivery is failed: a notice that is a day late helps nobody."""

FIRST_WAIT: Final = timedelta(seconds=1)
_DOUBLINGS: Final = 20


def backoff(failures: int, longest: timedelta, chance: float) -> timedelta:
    """The wait after `failures` failed tries: from one second, doubled each time, up to `longest`. Half of it is random."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(failures - 1, _DOUBLINGS)
    return min(doubled, longest) * (0.5 + chance / 2)
