"""Readiness that means progress: a process is ready when its records move, not when it merely runs."""

import time
from dataclasses import dataclass, field
from typing import Final

STALLED_AFTER: Final = 15.0
"""Seconds with records waiting and none finished after which a consumer counts as hung."""


@dataclass(slots=True)
class Progress:
    """What one subscription is doing. Times are `time.monotonic()` seconds."""

    name: str
    running: bool = False
    outage: str | None = None
    stopped: str | None = None
    silent: bool = False
    lag: int = 0
    moved_at: float = field(default_factory=time.monotonic)

    def moved(self) -> None:
        self.outage = None
        self.moved_at = time.monotonic()

    def measured(self, lag: int) -> None:
        """`lag` in records over all held partitions. Nothing waiting is as good as moving."""
        self.lag = lag
        self.silent = False
        if lag == 0 and self.outage is None:
            self.moved_at = time.monotonic()

    @property
    def trouble(self) -> str | None:
        """Why this subscription is not ready, in words for the operator; None when it is."""
        if self.stopped:
            return self.stopped
        if not self.running:
            return "not connected to the broker yet"
        if self.outage:
            return self.outage
        if self.silent:
            return "the broker does not answer"
        if self.lag and time.monotonic() - self.moved_at > STALLED_AFTER:
            return f"{self.lag} records wait and none moved for {STALLED_AFTER:.0f} s"
        return None
