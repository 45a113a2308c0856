"""Searches for due deliveries, from where the last search ended.

A search in short stretches of due time costs as much as what it finds. A search of everything costs as much as all that is due,
and also reads the index entry of each delivery that ended since PostgreSQL's last vacuum.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.common.store import Document
from services.common.store.stretches import fill, forwards
from services.notifications.domain import Delivery
from services.notifications.store import Deliveries, delivery_in

WIDTH: Final = timedelta(seconds=0.25)
"""Due time that the first stretch covers; each further one covers twice as much."""

SEARCH_BEHIND_PERIOD: Final = 10.0
"""Seconds between two searches for what came due before the point that the last search reached: what another replica left
behind when it died, and what a wrong clock scheduled."""

_NEXT_MILLISECOND: Final = timedelta(milliseconds=1)
"""The precision of times in the store."""


@dataclass(frozen=True, slots=True)
class Found:
    """Due deliveries, longest due first. `since`: where the search began. `more`: there may be others."""

    documents: Sequence[Document[Delivery]]
    since: datetime
    more: bool


class DueSearch:
    """Deliveries that come due later than a search has reached are found by the next one. Call `rewind` for all others."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._reached = self._rewound = datetime.now(UTC)
        # At once: an earlier run, or another replica, may have left deliveries behind.
        self._search_behind_at = 0.0

    def rewind(self, due: datetime) -> None:
        """A delivery became due at `due`, or is due still: the next search begins there, if not earlier."""
        self._rewound = min(self._rewound, due)

    async def next(self, now: datetime, limit: int) -> Found:
        """At most `limit` due deliveries. Call `rewind(found.since)` if they could not be leased."""
        since = min(self._reached, self._rewound, now)
        # A `rewind` while this search runs counts for the next one.
        self._rewound = now
        try:
            behind = await self._behind(since, now, limit)
            stretches = forwards(since, now + _NEXT_MILLISECOND, WIDTH)
            ahead = await fill(self._deliveries.due_in, stretches, limit - len(behind)) if len(behind) < limit else []
        except Exception:
            self.rewind(since)
            raise
        more = len(behind) + len(ahead) >= limit
        # At most `since` after a full search behind it: it may end with a delivery that a wrong clock scheduled.
        last = _due_at(ahead[-1]) if ahead else min([since, *map(_due_at, behind[-1:])])
        self._reached = last if more else now
        return Found([*behind, *ahead], since, more)

    async def _behind(self, since: datetime, now: datetime, limit: int) -> list[Document[Delivery]]:
        # MongoDB takes the limit 0 for no limit.
        if limit == 0 or time.monotonic() < self._search_behind_at:
            return []
        found = await self._deliveries.due_before(since, now, limit)
        if len(found) < limit:
            self._search_behind_at = time.monotonic() + SEARCH_BEHIND_PERIOD
        return found


def _due_at(document: Document[Delivery]) -> datetime:
    due = delivery_in(document).due_at
    assert due is not None
    return due
