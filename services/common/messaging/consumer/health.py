"""The health of one subscription. Readiness means progress: the records move, not only does the process run."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aiokafka import TopicPartition

STALLED_AFTER: Final = 15.0
"""Seconds without progress, with records waiting and no outage reported, after which a consumer counts as hung."""

BrokerRequest = Literal["offsets", "polls"]
"""Requests whose answers are watched: commits and offset queries, and polls."""

OPEN_TRANSACTION_AFTER: Final = 10.0
"""Seconds that a writer's transaction may stay open in front of waiting records before readiness reports it."""


@dataclass(slots=True)
class ConsumerHealth:
    """What one subscription is doing. Times are `time.monotonic()` seconds.

    `outage` is the last failure reported, until the next progress. `halted` says why partitions are paused for good.
    `unmeasured` is True while the lag cannot be measured, because the broker does not answer this consumer.
    `unanswered_since` says since when each kind of request gets no answer; answered kinds are absent.
    `stall_reset_at` restarts the time after which the consumer counts as hung: during an outage it need not progress.
    """

    name: str
    running: bool = False
    outage: str | None = None
    halted: str | None = None
    unmeasured: bool = False
    lag: int = 0
    unanswered_since: dict[BrokerRequest, float] = field(default_factory=dict)
    progressed_at: float = field(default_factory=time.monotonic)
    stall_reset_at: float = field(default_factory=time.monotonic)
    _open_transactions: dict[TopicPartition, tuple[int, float]] = field(default_factory=dict)

    def progressed(self) -> None:
        """Records were processed, or a step of a batch was."""
        self.outage = None
        self.progressed_at = time.monotonic()

    def report_answer(self, request: BrokerRequest = "offsets") -> None:
        """The broker answered a request of this kind."""
        self.unanswered_since.pop(request, None)
        self.progressed()

    def report_outage(self, outage: str) -> None:
        """An engine is unavailable. Each failed retry must report it again: a report restarts the stall time only once."""
        self.outage = outage
        self.stall_reset_at = time.monotonic()

    def report_unresponsive(self, outage: str, seconds: float = 0.0, *, request: BrokerRequest = "offsets") -> None:
        """The broker has not answered this consumer for `seconds`.

        This does not reset the stall time: the broker may answer other clients, and then this consumer hangs. Whether it
        does is measured elsewhere (`report_unmeasured`). Processing the same records again is no progress either.
        """
        self.outage = outage
        self.unanswered_since.setdefault(request, time.monotonic() - seconds)

    def report_unmeasured(self, *, broker_available: bool) -> None:
        """The lag could not be measured. If a new connection gets no answer either, the broker itself is unavailable."""
        self.unmeasured = True
        if not broker_available:
            self.stall_reset_at = time.monotonic()

    def report_lag(self, lag: int) -> None:
        """The lag was measured: `lag` records over all assigned partitions. A lag of 0 counts as progress."""
        if self.unmeasured:
            self.stall_reset_at = time.monotonic()
        self.lag = lag
        self.unmeasured = False
        if lag == 0 and self.outage is None:
            self.progressed_at = time.monotonic()

    def report_open_transactions(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Partitions in which an open transaction hides the records from this offset on. The consumer does not hang."""
        now = time.monotonic()
        since = {tp: then for tp, (offset, then) in self._open_transactions.items() if offsets.get(tp) == offset}
        self._open_transactions = {tp: (offset, since.get(tp, now)) for tp, offset in offsets.items()}

    @property
    def _long_open_transactions(self) -> str:
        limit = time.monotonic() - OPEN_TRANSACTION_AFTER
        return ", ".join(
            f"{tp.topic}/{tp.partition}" for tp, (_, since) in self._open_transactions.items() if since < limit
        )

    @property
    def hung(self) -> bool:
        """Whether the consumer has stopped for good although it runs, so that only a new process helps."""
        since = list(self.unanswered_since.values())
        if self.lag > 0 or self.unmeasured:
            since.append(self.progressed_at)
        longest = max((time.monotonic() - max(each, self.stall_reset_at) for each in since), default=0.0)
        return self.running and not self.halted and longest > STALLED_AFTER

    @property
    def not_ready_reason(self) -> str | None:
        """Why this subscription is not ready, as a sentence for the operator; None when it is ready."""
        if self.halted:
            return self.halted
        if not self.running:
            return "not connected to the broker yet"
        if self.outage:
            return self.outage
        if self.unanswered_since:
            return f"the broker does not answer: {', '.join(sorted(self.unanswered_since))}"
        if self.unmeasured:
            return "the broker does not answer"
        if self.hung:
            return f"{self.lag} records wait and none was processed for {STALLED_AFTER:.0f} s"
        if partitions := self._long_open_transactions:
            return f"a writer's open transaction hides the records behind it in {partitions}"
        return None
