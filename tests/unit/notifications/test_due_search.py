"""A search finds no more than there are free slots for."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.common.store.stretches import Stretch
from services.notifications.due_search import DueSearch
from services.notifications.store import Deliveries


class Queried:
    """The store's side of a search: the limits of its queries."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    async def due_in(self, stretch: Stretch, limit: int) -> list[Any]:
        self.limits.append(limit)
        return []

    async def due_before(self, since: datetime, now: datetime, limit: int) -> list[Any]:
        self.limits.append(limit)
        return []


async def test_a_search_without_free_slots_asks_for_nothing_and_leaves_the_next_one_all_to_do() -> None:
    store = Queried()
    search = DueSearch(cast(Deliveries, store))
    now = datetime.now(UTC)
    found = await search.next(now, 0)
    assert (found.documents, found.more, store.limits) == ([], True, [])
    assert (await search.next(now + timedelta(seconds=1), 3)).since == found.since


@pytest.mark.parametrize("limit", [1, 3, 16])
async def test_every_query_has_the_number_of_free_slots_as_its_limit(limit: int) -> None:
    store = Queried()
    await DueSearch(cast(Deliveries, store)).next(datetime.now(UTC), limit)
    assert set(store.limits) == {limit}
