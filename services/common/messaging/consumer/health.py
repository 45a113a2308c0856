"""Readiness that means progress: a process is ready when its records move, not when it merely runs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aiokafka import TopicPartition

STALLED_AFTER: Final = 15.0
"""Seconds with records waiting, none finished and no outage declared after which a consumer counts as hung."""

Unanswered = Literal["offsets", "polls"]
"""What the broker may leave unanswered."""

HELD_AFTER: Final = 10.0
"""Seconds that a foreign transaction may stay open over records that wait, before somebody is told."""


@dataclass(slots=True)
class ConsumerHealth:
    """What one subscription is doing. Times are `time.monotonic()` seconds."""

    name: str
    running: bool = False
    outage: str | None = None
    stopped: str | None = None
    silent: bool = False
    lag: int = 0
    cut_off_since: dict[Unanswered, float] = field(default_factory=dict)
    moved_at: float = field(default_factory=time.monotonic)
    excused_at: float = field(default_factory=time.monotonic)
    _held: dict[TopicPartition, tuple[int, float]] = field(default_factory=dict)

    def progressed(self) -> None:
        self.outage = None
        self.moved_at = time.monotonic()

    def report_answer(self, asked: Unanswered = "offsets") -> None:
        """The broker took a commit, or told where each partition stands, or answers polls again."""
        self.cut_off_since.pop(asked, None)
        self.progressed()

    def report_outage(self, outage: str) -> None:
        """An engine is away. It is said again at each try: an outage of which no more is heard excuses nothing."""
        self.outage = outage
        self.excused_at = time.monotonic()

    def report_unresponsive(self, outage: str, seconds: float = 0.0, *, asked: Unanswered = "offsets") -> None:
        """The broker has not answered this consumer for `seconds`, which excuses nothing: whether it answers anybody is
        measured. To take the same records again and again is no progress either.
        """
        self.outage = outage
        self.cut_off_since.setdefault(asked, time.monotonic() - seconds)

    def report_silence(self, *, broker_there: bool) -> None:
        """The broker does not answer this consumer; somebody else may have reached it meanwhile."""
        self.silent = True
        if not broker_there:
            self.excused_at = time.monotonic()

    def report_lag(self, lag: int) -> None:
        """`lag` in records over all held partitions. Nothing waiting is as good as moving."""
        if self.silent:
            self.excused_at = time.monotonic()
        self.lag = lag
        self.silent = False
        if lag == 0 and self.outage is None:
            self.moved_at = time.monotonic()

    def report_held_back(self, at: Mapping[TopicPartition, int]) -> None:
        """Partitions in which a transaction that somebody leaves open hides what lies behind `at`. Nothing of ours hangs."""
        now = time.monotonic()
        since = {tp: then for tp, (offset, then) in self._held.items() if at.get(tp) == offset}
        self._held = {tp: (offset, since.get(tp, now)) for tp, offset in at.items()}

    @property
    def _long_held(self) -> str:
        begun = time.monotonic() - HELD_AFTER
        return ", ".join(f"{tp.topic}/{tp.partition}" for tp, (_, since) in self._held.items() if since < begun)

    @property
    def hung(self) -> bool:
        """Whether the consumer is alive and will never move again, as far as anybody can tell."""
        since = list(self.cut_off_since.values())
        if self.lag > 0 or self.silent:
            since.append(self.moved_at)
        longest = max((time.monotonic() - max(each, self.excused_at) for each in since), default=0.0)
        return self.running and not self.stopped and longest > STALLED_AFTER

    @property
    def not_ready_reason(self) -> str | None:
        """Why this subscription is not ready, in words for the operator; None when it is."""
        if self.stopped:
            return self.stopped
        if not self.running:
            return "not connected to the broker yet"
        if self.outage:
            return self.outage
        if self.cut_off_since:
            return f"the broker does not answer: {', '.join(sorted(self.cut_off_since))}"
        if self.silent:
            return "the broker does not answer"
        if self.hung:
            return f"{self.lag} records wait and none moved for {STALLED_AFTER:.0f} s"
        if held := self._long_held:
            return f"a writer's open transaction holds back what lies behind it in {held}"
        return None
