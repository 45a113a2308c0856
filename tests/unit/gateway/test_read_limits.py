"""What one account, or one network without an account, may read at once: the store serves everyone."""

import asyncio
from typing import Any, cast

import pytest

from gateway.accounts.sessions import LOOK_UPS, LOOK_UPS_OF_ONE_NETWORK, Sessions
from gateway.requests.queries import READS_OF_ONE_ACCOUNT, RequestQueries
from gateway.requests.receipts import IssuedReceipts
from services.common.domain.identifiers import reference_of
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.unit.gateway.builders import ACCOUNT, REQUEST, session

OTHER = session(account_id="00000000-0000-4000-8000-000000000002")


class SlowStore:
    """Finds nothing, and only when it is told to answer."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.reads = 0

    async def find(self, reference: str) -> None:
        self.reads += 1
        await self.answers.wait()


async def test_acts_of_one_account_leave_the_store_to_others() -> None:
    store = SlowStore()
    queries = RequestQueries(cast("Any", store), IssuedReceipts(), b"c" * 32)
    reference = reference_of(REQUEST)
    flood = [
        asyncio.create_task(queries.require_owned(session(account_id=ACCOUNT), reference, None))
        for _ in range(READS_OF_ONE_ACCOUNT + 10)
    ]
    await asyncio.sleep(0)
    assert store.reads == READS_OF_ONE_ACCOUNT
    calm = asyncio.create_task(queries.require_owned(OTHER, reference, None))
    await asyncio.sleep(0)
    assert store.reads == READS_OF_ONE_ACCOUNT + 1
    store.answers.set()
    with pytest.raises(Problem) as missing:
        await calm
    assert missing.value.kind is problem_types.NOT_FOUND
    refused = [error for error in await asyncio.gather(*flood, return_exceptions=True) if isinstance(error, Problem)]
    assert [error.kind for error in refused].count(problem_types.TOO_MANY_AT_ONCE) == 10


async def test_a_network_that_sends_unknown_tokens_leaves_look_ups_to_others() -> None:
    store = SlowStore()
    sessions = Sessions(cast("Any", store), cast("Any", None))
    flood = [asyncio.create_task(sessions.get(f"token {number}", "192.0.2.1")) for number in range(2 * LOOK_UPS)]
    await started()
    assert store.reads == LOOK_UPS_OF_ONE_NETWORK < LOOK_UPS
    calm = asyncio.create_task(sessions.get("another token", "198.51.100.1"))
    await started()
    assert store.reads == LOOK_UPS_OF_ONE_NETWORK + 1
    store.answers.set()
    answers = await asyncio.gather(calm, *flood, return_exceptions=True)
    codes = [cast("Problem", each).kind.code for each in answers]
    assert codes.count(problem_types.NO_SESSION.code) == LOOK_UPS_OF_ONE_NETWORK + 1
    assert codes.count(problem_types.BUSY.code) == 2 * LOOK_UPS - LOOK_UPS_OF_ONE_NETWORK


async def test_who_sends_many_requests_at_once_is_looked_up_once() -> None:
    store = SlowStore()
    sessions = Sessions(cast("Any", store), cast("Any", None))
    requests = [asyncio.create_task(sessions.get("a token", "192.0.2.1")) for _ in range(2 * LOOK_UPS)]
    await started()
    requests[0].cancel()
    await started()
    assert store.reads == 1
    store.answers.set()
    answers = await asyncio.gather(*requests[1:], return_exceptions=True)
    assert {cast("Problem", each).kind.code for each in answers} == {problem_types.NO_SESSION.code}
    with pytest.raises(Problem):
        await sessions.get("a token", "192.0.2.1")
    assert store.reads == 2, "a look-up that has ended is not used again"


async def started() -> None:
    """Each request has its task, and each task its look-up."""
    for _ in range(3):
        await asyncio.sleep(0)
