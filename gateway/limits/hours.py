"""What accounts did in the current hour, as the store knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.accounts.domain import Session
from gateway.limits.accounts import HOUR
from gateway.limits.counters import Counters, window_of
from gateway.requests.store import ViewStore
from services.common.contracts.intake import Who

_HOUR: Final = timedelta(seconds=HOUR)


@dataclass(frozen=True, slots=True)
class FiledHour:
    """Counts the requests that the worker read from the topic. A repetition is the same request, so it counts once."""

    views: ViewStore
    per_hour: Mapping[Who, int]

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        now = datetime.now(UTC)
        first = await self.views.filed_at(session.account_id, self.per_hour[session.who], since=now - _HOUR)
        return 0.0 if first is None else (first + _HOUR - now).total_seconds()


@dataclass(frozen=True, slots=True)
class CountedHour:
    """Counts in the store, after each use. The hours are those of the clock."""

    counters: Counters
    name: str
    limits: Mapping[Who, Mapping[str, int]]
    """The limit of each field: `count`, and what else the uses report."""

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        now = datetime.now(UTC)
        hour = window_of(HOUR, now)
        used = await self.counters.add(f"{self.name} {session.account_id}", hour, **amounts)
        limits = self.limits[session.who]
        return hour.left(now) if any(used[name] >= limits[name] for name in amounts) else 0.0
