"""A session is cached for eight seconds from its look-up, and is looked up again while it is used."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import pytest_asyncio

from gateway.accounts.domain import Session
from gateway.accounts.sessions import CACHE_SECONDS, FRESH_SECONDS, Sessions
from gateway.accounts.store import AccountStore, SessionStore
from services.common.domain.errors import StoreUnavailable
from services.common.domain.tokens import hash_of
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.store import Database, connect, database, disconnect
from tests.integration.gateway.gateway_environment import GatewayEnvironment
from tests.support.waiting import eventually

HERE = "127.0.0.1"
LATER = FRESH_SECONDS + 0.5


class HeldAccounts(AccountStore):
    """The accounts in the store. It answers whether a session's account is unchanged only while it may."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def has_password_version(self, account_id: UUID, version: str | None) -> bool:
        unchanged = await super().has_password_version(account_id, version)
        if not self.answers.is_set():
            self.asked.set()
        await self.answers.wait()
        return unchanged


@dataclass
class Replica:
    """A replica of the gateway whose clock is set by hand."""

    token: str
    store: SessionStore
    accounts: HeldAccounts
    now: float = 0.0
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.store, self.accounts, clock=lambda: self.now)

    async def used(self) -> Session:
        return await self.sessions.get(self.token, HERE)

    async def has_ended(self) -> bool:
        try:
            await self.used()
        except Problem as problem:
            return problem.kind is problem_types.NO_SESSION
        return False


@pytest_asyncio.fixture(loop_scope="session")
async def replica(gateway: GatewayEnvironment) -> AsyncIterator[Replica]:
    (person,) = await gateway.people(1)
    client = connect(gateway.stack.env["MONGO_URL"])
    own = database(client, "postigo_gateway")
    yield Replica(person.token, SessionStore(own), HeldAccounts(own))
    await disconnect(client)


async def test_a_session_in_use_is_looked_up_before_its_time_is_over(
    gateway: GatewayEnvironment, replica: Replica
) -> None:
    session = await replica.used()
    replica.now = LATER
    assert await replica.used() == session, "at once, from the cache"

    async def still_cached_after_its_first_time() -> bool:
        replica.now = CACHE_SECONDS + 1
        cached = replica.sessions.cached(replica.token)
        replica.now = LATER
        return cached is not None

    await eventually(still_cached_after_its_first_time)
    replica.now = CACHE_SECONDS + 1
    with gateway.frozen("mongo"):
        assert await replica.used() == session


async def test_a_session_that_ended_elsewhere_ends_while_it_is_used(replica: Replica) -> None:
    session = await replica.used()
    await replica.store.remove([hash_of(replica.token)])
    assert await replica.used() == session
    replica.now = LATER
    assert await replica.used() == session, "the look-up has only begun"
    await eventually(replica.has_ended)


async def test_a_session_is_not_valid_longer_than_promised(gateway: GatewayEnvironment, replica: Replica) -> None:
    await replica.used()
    with gateway.frozen("mongo"):
        replica.now = CACHE_SECONDS - 0.1
        await replica.used()
        replica.now = CACHE_SECONDS
        with pytest.raises(StoreUnavailable):
            await replica.used()


async def test_the_end_of_a_session_outlasts_a_look_up_that_had_found_it(replica: Replica) -> None:
    accounts = replica.accounts
    session = await replica.used()
    replica.now = LATER
    accounts.answers.clear()
    await replica.used()
    await accounts.asked.wait()
    await replica.sessions.end(replica.token, session.account_id)
    accounts.answers.set()
    await looked_up()
    assert await replica.has_ended()


async def looked_up() -> None:
    """The look-up that waited for the account has ended."""
    for _ in range(5):
        await asyncio.sleep(0)
