"""How densely in time the requests of an account were filed, as its last list showed: how far back the next page reaches."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from cachetools import LRUCache

from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.store.stretches import Stretch, backwards

_MAX_LISTS: Final = 10_000

_SHORTEST: Final = timedelta(seconds=1)

_WIDENED: Final = (1, 4, 16, 64)
"""Times the expected width of a page. What is older is one more stretch."""


class _Density(NamedTuple):
    """The filing time of the newest request, and the time from one request to the next."""

    newest: datetime
    interval: timedelta


class ListDensities:
    """Those of the lists read last, in bounded memory. A wrong or missing one makes a list slower, and changes no answer."""

    def __init__(self) -> None:
        self._lists: LRUCache[tuple[UUID, State | None], _Density] = LRUCache(_MAX_LISTS)

    def stretches(
        self, account_id: UUID, state: State | None, before: datetime | None, limit: int
    ) -> Iterable[Stretch]:
        """The stretches in which `limit` requests are searched, filed at `before` or earlier. One of everything if the list is
        unknown.
        """
        known = self._lists.get((account_id, state))
        if known is None:
            return [Stretch()]
        width = max(limit * known.interval, _SHORTEST)
        return backwards(known.newest if before is None else before, [times * width for times in _WIDENED])

    def learn(
        self, account_id: UUID, state: State | None, before: datetime | None, page: Sequence[RequestView]
    ) -> None:
        """From a page that is full. Only a first page shows the newest request."""
        first, last = page[0].filed_at, page[-1].filed_at
        known = self._lists.get((account_id, state))
        newest = first if known is None or before is None else known.newest
        self._lists[account_id, state] = _Density(newest, (first - last) / len(page))
