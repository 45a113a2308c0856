"""Security events: log lines with the event `security`, a kind of a fixed list, and a counter for each kind.

They name an account by its opaque id and a sender by its network's prefix. Nothing else in them is about a person.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Literal, get_args
from uuid import UUID

import structlog
from cachetools import LRUCache
from prometheus_client import Counter

from services.common.domain.networks import network_prefix

log = structlog.get_logger()

Kind = Literal["sign-in-refused", "limit-reached", "signature-refused", "session-ended", "operator-act"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

REPEATED_AFTER: Final = 10.0
"""Seconds in which equal events make one log line. `repeated` in the next line counts those without one."""

_MAX_REMEMBERED: Final = 10_000

EVENTS: Final = Counter("postigo_security_events_total", "Security events, by kind.", ["kind"])
for _kind in KINDS:
    EVENTS.labels(_kind)


class SecurityLog:
    """A flood of equal events is counted, but does not flood the log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By kind, cause and sender: when the last line was written, and the number of events since.
        self._written: LRUCache[tuple[object, ...], tuple[float, int]] = LRUCache(_MAX_REMEMBERED)

    def report(self, kind: Kind, because: str, *, account: UUID | None = None, address: str = "", **about: Any) -> None:
        """Count the event and log it. `because` and `about` are codes and numbers of ours, never what somebody sent."""
        EVENTS.labels(kind).inc()
        network = network_prefix(address)
        same = (kind, because, account, network)
        written_at, repeated = self._written.get(same, (float("-inf"), 0))
        now = self._clock()
        if now - written_at < REPEATED_AFTER:
            self._written[same] = (written_at, repeated + 1)
            return
        self._written[same] = (now, 0)
        about |= {"account": str(account)} if account else {}
        about |= {"network": network} if network else {}
        about |= {"repeated": repeated} if repeated else {}
        log.warning("security", kind=kind, because=because, **about)


_log: Final = SecurityLog()
report: Final = _log.report
