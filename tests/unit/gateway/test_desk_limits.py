"""Nobody takes a department's places to read its cases: no stranger, and no other department."""

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest

from gateway.accounts.store import AccountStore
from gateway.desk.contacts import Contacts
from gateway.desk.domain import DepartmentToken
from gateway.desk.queries import READS, READS_OF_ONE_DEPARTMENT, TOKENS_OF_ONE_NETWORK, DeskQueries
from gateway.desk.store import DeskStore, TokenStore
from gateway.limits.counters import Counters
from gateway.requests.store import ViewStore
from services.common.domain.tokens import hash_of, new_token
from services.common.http import problem_types
from services.common.http.problems import Problem
from tests.support.received import MONDAY

TOKEN = new_token()
STORED = DepartmentToken.of(hash_of(TOKEN), "pf", MONDAY, 365 * 2)


class SlowStore:
    """The store's side: it answers when `answering` is set."""

    def __init__(self) -> None:
        self.answering = asyncio.Event()

    async def find(self, token_hash: str) -> DepartmentToken | None:
        await self.answering.wait()
        later = STORED.model_copy(update={"expires_at": MONDAY.replace(year=9000)})
        return later if token_hash == hash_of(TOKEN) else None

    async def page(self, *_: Any) -> list[Any]:
        await self.answering.wait()
        return []


def queries(store: SlowStore) -> DeskQueries:
    return DeskQueries(cast(DeskStore, store), cast(TokenStore, store), b"secret")


async def started(*calls: Any) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7"])
async def test_strangers_who_guess_tokens_leave_places_to_departments(address: str) -> None:
    store = SlowStore()
    desk = queries(store)
    guesses = await started(*(desk.department_of(f"guess-{number}", address) for number in range(100)))
    own = await started(desk.department_of(TOKEN, "198.51.100.1"), desk.list("dd", "open", None, 20))
    store.answering.set()
    assert await asyncio.gather(*own) == ["pf", ([], None)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(isinstance(each, Problem) for each in results)
    waited = [each for each in results if isinstance(each, Problem) and each.kind is problem_types.DEPARTMENT_TOKEN]
    assert len(waited) == TOKENS_OF_ONE_NETWORK


async def test_a_department_that_reads_many_pages_at_once_leaves_places_to_the_others() -> None:
    store = SlowStore()
    desk = queries(store)
    many = await started(*(desk.list("pf", "open", None, 20) for _ in range(2 * READS)))
    other = await started(desk.list("dd", "open", None, 20))
    store.answering.set()
    assert await asyncio.gather(*other) == [([], None)]
    read = [each for each in await asyncio.gather(*many, return_exceptions=True) if not isinstance(each, Problem)]
    assert len(read) == READS_OF_ONE_DEPARTMENT


async def test_contacts_and_pages_of_a_department_have_the_same_places() -> None:
    store = SlowStore()
    desk = queries(store)
    pages = await started(*(desk.list("pf", "open", None, 20) for _ in range(READS_OF_ONE_DEPARTMENT)))
    # The counter, the view and the account are not reached: there is no place.
    contacts = Contacts(desk, cast(ViewStore, None), cast(AccountStore, None), cast(Counters, None), 1)
    with pytest.raises(Problem) as refused:
        await contacts.of_case("pf", UUID(int=1), "To decide")
    assert refused.value.kind is problem_types.BUSY
    store.answering.set()
    await asyncio.gather(*pages)
