"""Lists of requests, read in stretches of filing time, equal a naive list."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import given, settings, strategies as st

from deploy.local import LocalStack
from gateway.requests.list_filter import ListFilter
from gateway.requests.store import ViewStore
from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.store import Collection, connect, database, disconnect

NOW: Final = datetime.now(UTC).replace(microsecond=0)
STATES: Final = (State.REGISTERED, State.ANSWERED)

GAPS: Final = st.sampled_from([0, 0, 0.001, 1, 59, 60, 61, 3600, 86400, 45 * 86400, 2 * 365 * 86400])
"""Seconds between two requests, among them none and the widths of stretches."""

FILED: Final = st.lists(st.tuples(GAPS, st.sampled_from(STATES)), max_size=30)
"""The requests of one account, newest first: how long before the one above each was filed, and its state."""


class Views(ViewStore):
    """Request views in a database of their own."""

    def __init__(self, collection: Collection, database: Any) -> None:
        super().__init__(database)
        self.collection = collection

    async def insert(self, views: list[RequestView]) -> None:
        documents = [
            {"_id": each.reference, "version": 1, "partition": 0, "state": each.model_dump()} for each in views
        ]
        if documents:
            await self.collection.insert_many(documents)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def views(engines: LocalStack) -> AsyncIterator[Views]:
    client = connect(engines.env["MONGO_URL"])
    own = database(client, f"lists_{uuid4().hex[:8]}")
    made = Views(own["request_views"], own)
    await made.ensure_indexes()
    yield made
    await client.drop_database(own.name)
    await disconnect(client)


def view(account: UUID, filed_at: datetime, state: State = State.REGISTERED) -> RequestView:
    reference = f"PO-{uuid4().hex}"
    return RequestView(
        account_id=account,
        filed_at=filed_at,
        request_id=uuid4(),
        reference=reference,
        state=state,
        updated_at=filed_at,
        subject="FAM-01",
    )


def filed(account: UUID, gaps: list[tuple[float, State]], newest: datetime = NOW) -> list[RequestView]:
    made = []
    for gap, state in gaps:
        newest -= timedelta(seconds=gap)
        made.append(view(account, newest, state))
    return made


def naive(views: list[RequestView], state: State | None) -> list[str]:
    found = [each for each in views if state in (None, each.state)]
    return [each.reference for each in sorted(found, key=lambda each: (-each.filed_at.timestamp(), each.reference))]


def in_state(state: State | None) -> ListFilter:
    return ListFilter(states=() if state is None else (state,))


async def all_pages(views: Views, account: UUID, state: State | None, size: int) -> list[str]:
    listed: list[str] = []
    after: tuple[datetime, str] | None = None
    while True:
        page = await views.page(account, in_state(state), after, size)
        listed += [each.reference for each in page]
        if len(page) < size:
            return listed
        after = (page[-1].filed_at, page[-1].reference)


@given(
    gaps=FILED,
    sizes=st.lists(st.integers(1, 8), min_size=2, max_size=4),
    state=st.sampled_from([None, *STATES]),
    newer=st.lists(st.tuples(GAPS, st.sampled_from(STATES)), max_size=10),
)
@settings(max_examples=60, deadline=None)
async def test_the_pages_of_any_account_equal_a_naive_list_however_often_it_was_read(
    views: Views,
    gaps: list[tuple[float, State]],
    sizes: list[int],
    state: State | None,
    newer: list[tuple[float, State]],
) -> None:
    """Also after further requests were filed, in another density, and with pages of another size."""
    account = uuid4()
    made = filed(account, gaps, NOW - timedelta(days=400))
    await views.insert(made + filed(uuid4(), gaps))
    for size in sizes:
        assert await all_pages(views, account, state, size) == naive(made, state)
    later = filed(account, newer)
    await views.insert(later)
    for size in sizes:
        assert await all_pages(views, account, state, size) == naive(made + later, state)


@pytest.mark.parametrize("gap", [0.0, 0.5, 1000.0, 100_000.0])
async def test_an_account_of_hundreds_of_requests_is_listed_whole(views: Views, gap: float) -> None:
    account = uuid4()
    made = filed(account, [(gap, State.REGISTERED)] * 350)
    await views.insert(made)
    for size in (20, 100):
        assert await all_pages(views, account, None, size) == naive(made, None)


async def test_a_list_in_a_state_that_few_requests_of_many_have_is_whole(views: Views) -> None:
    account = uuid4()
    states = [STATES[number % 70 == 0] for number in range(350)]
    made = filed(account, [(5000.0, state) for state in states])
    await views.insert(made)
    for state in (None, *STATES, None):
        assert await all_pages(views, account, state, 20) == naive(made, state)


async def test_an_account_without_requests_has_an_empty_list(views: Views) -> None:
    assert await views.page(uuid4(), ListFilter(), None, 20) == []
