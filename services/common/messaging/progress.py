"""Readiness that means progress: a process is ready when its records move, not when it merely runs."""

import time
from dataclasses import dataclass, field
from typing import Final

STALLED_AFTER: Final = 15.0
"""Seconds with records waiting, none finished and no outage declared after which a consumer counts as hung."""


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
    excused_at: float = field(default_factory=time.monotonic)

    def moved(self) -> None:
        self.outage = None
        self.moved_at = time.monotonic()

    def declare(self, outage: str) -> None:
        """An engine is away. It is said again at each try: an outage of which no more is heard excuses nothing."""
        self.outage = outage
        self.excused_at = time.monotonic()

    def heard_nothing(self, *, broker_there: bool) -> None:
        """The broker does not answer this consumer; somebody else may have reached it meanwhile."""
        self.silent = True
        if not broker_there:
            self.excused_at = time.monotonic()

    def measured(self, lag: int) -> None:
        """`lag` in records over all held partitions. Nothing waiting is as good as moving."""
        if self.silent:
            self.excused_at = time.monotonic()
        self.lag = lag
        self.silent = False
        if lag == 0 and self.outage is None:
            self.moved_at = time.monotonic()

    @property
    def hung(self) -> bool:
        """Whether the consumer is alive and will never move again, as far as anybody can tell."""
        waits = self.lag > 0 or self.silent
        still = time.monotonic() - max(self.moved_at, self.excused_at)
        return self.running and not self.stopped and waits and still > STALLED_AFTER

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
        if self.hung:
            return f"{self.lag} records wait and none moved for {STALLED_AFTER:.0f} s"
        return None
