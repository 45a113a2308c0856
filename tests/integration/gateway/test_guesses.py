"""Wrong passwords are counted in the store: for all replicas, across restarts, and never against the owner elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio

from gateway.accounts.guesses import ATTACKED_FROM, NETWORK, PAIR, Attempt, Guesses
from gateway.expiry import Expiry
from gateway.limits.counters import Counters, window_of
from services.common.domain.networks import network_of
from services.common.store import Database, connect, database, disconnect
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("within_one_hour")

SECRET = b"s" * 32
HERE, THERE = "192.0.2.1", "198.51.100.1"


@pytest_asyncio.fixture(loop_scope="session")
async def store(gateway: GatewayEnvironment) -> AsyncIterator[Database]:
    client = connect(gateway.stack.env["MONGO_URL"])
    yield database(client, "postigo_guesses")
    await disconnect(client)


def guesses(store: Database) -> Guesses:
    """As a replica that has just started has them."""
    return Guesses(Counters(store, SECRET))


def attempt(account: UUID, network: str = HERE, *, known: bool = False, after: float = 0) -> Attempt:
    return Attempt(account, network, known=known, at=datetime.now(UTC) + timedelta(seconds=after))


async def guess(replica: Guesses, each: Attempt) -> int:
    """Try a wrong password. Returns the seconds to wait, 0 if it was verified."""
    wait = await replica.take(each)
    if not wait:
        await replica.was_wrong(each)
    return wait


async def test_one_network_has_its_guesses_at_an_account_on_all_replicas_together(store: Database) -> None:
    account, replicas = uuid4(), [guesses(store) for _ in range(3)]
    waits = [await guess(replicas[number % 3], attempt(account)) for number in range(PAIR.burst + 3)]
    assert waits[: PAIR.burst] == [0] * PAIR.burst
    assert all(0 < wait <= 30 for wait in waits[PAIR.burst :])
    assert await guess(guesses(store), attempt(account)) > 0, "a replica that has just started"
    assert await guess(guesses(store), attempt(account, THERE)) == 0
    assert await guess(guesses(store), attempt(uuid4())) == 0


async def test_whoever_used_up_the_guesses_may_try_again_once_within_half_a_minute(store: Database) -> None:
    account = uuid4()
    for _ in range(PAIR.burst):
        await guess(guesses(store), attempt(account))
    assert await guess(guesses(store), attempt(account, after=29)) == 1
    assert await guess(guesses(store), attempt(account, after=PAIR.spacing + 1)) == 0
    assert await guess(guesses(store), attempt(account, after=PAIR.spacing + 1)) > 0


async def test_concurrent_guesses_do_not_exceed_the_limit(store: Database) -> None:
    account = uuid4()
    waits = await asyncio.gather(*(guess(guesses(store), attempt(account)) for _ in range(4 * PAIR.burst)))
    # On DocumentDB, concurrent increments may return the same count, so that a few more pass.
    assert PAIR.burst <= waits.count(0) < 2 * PAIR.burst


async def test_a_right_password_does_not_count(store: Database) -> None:
    account, replica = uuid4(), guesses(store)
    for _ in range(2 * PAIR.burst):
        right = attempt(account)
        assert await replica.take(right) == 0
        await replica.give_back(right)


async def test_a_network_has_its_guesses_at_all_accounts_together(store: Database) -> None:
    network, replica = f"net-{uuid4()}", guesses(store)
    waits = [await guess(replica, attempt(uuid4(), network)) for _ in range(NETWORK.burst + 1)]
    assert waits[:-1] == [0] * NETWORK.burst
    assert 0 < waits[-1] <= NETWORK.spacing


async def test_guesses_from_many_networks_lock_nobody_out_and_get_fewer_at_once(store: Database) -> None:
    account, replica = uuid4(), guesses(store)
    for number in range(ATTACKED_FROM):
        assert await guess(replica, attempt(account, f"net-{number}")) == 0
    assert await guess(replica, attempt(account, THERE)) == 0, "a network that is new to the account"
    assert 0 < await guess(replica, attempt(account, THERE)) <= 30
    assert [await guess(replica, attempt(account, HERE, known=True)) for _ in range(PAIR.burst)] == [0] * PAIR.burst


async def test_counters_are_found_by_no_network_and_are_deleted_after_their_window(store: Database) -> None:
    account = uuid4()
    await guess(guesses(store), attempt(account, HERE))
    assert HERE not in str(await store["counters"].find().to_list(None))
    assert str(account) not in str(await store["counters"].find().to_list(None))
    old = window_of(3600, datetime.now(UTC) - timedelta(hours=2))
    await Counters(store, SECRET).add("old", old, count=1)
    await Expiry(store).round()
    assert await Counters(store, SECRET).value("old", old, "count") == 0
    assert await store["counters"].count_documents({})


@asynccontextmanager
async def behind_a_proxy(gateway: GatewayEnvironment, name: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.replica(name or f"guessed-{uuid4().hex}", FORWARDED_ALLOW_IPS="127.0.0.1") as http:
        yield http


async def sign_in(http: httpx2.AsyncClient, person: Person, address: str, password: str) -> int:
    body = {"niss": person.niss, "password": password}
    return (await http.post("/v1/sessions", json=body, headers={"X-Forwarded-For": address})).status_code


async def use_up(http: httpx2.AsyncClient, person: Person, address: str) -> None:
    guessed = [await sign_in(http, person, address, f"tentativa {number}") for number in range(PAIR.burst + 1)]
    assert guessed == [401] * PAIR.burst + [429]


async def test_the_limit_survives_a_restart_and_holds_on_other_replicas(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    async with behind_a_proxy(gateway, "restarted") as restarted, behind_a_proxy(gateway) as other:
        await use_up(restarted, person, HERE)
        await gateway.stack.restart("restarted")
        assert [await sign_in(each, person, HERE, PASSWORD) for each in (restarted, other)] == [429, 429]
        assert await sign_in(restarted, person, THERE, PASSWORD) == 201


@pytest.mark.parametrize(
    ("one", "others"),
    [
        ("203.0.113.7", ["::ffff:203.0.113.7", "::FFFF:cb00:7107", "64:ff9b::cb00:7107"]),
        ("::ffff:203.0.113.8", ["203.0.113.8", "2002:cb00:7108::1"]),
        ("2001:db8:7::1", ["2001:db8:7::2", "2001:db8:7:0:ffff::9"]),
    ],
)
async def test_an_address_counts_the_same_however_it_is_written(
    gateway: GatewayEnvironment, one: str, others: Sequence[str]
) -> None:
    (person,) = await gateway.people(1)
    assert {network_of(each) for each in others} == {network_of(one)}
    async with behind_a_proxy(gateway) as http:
        await use_up(http, person, one)
        assert [await sign_in(http, person, each, PASSWORD) for each in others] == [429] * len(others)


async def test_an_account_that_strangers_guess_at_lets_its_owner_in(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    async with behind_a_proxy(gateway) as http:
        for number in range(ATTACKED_FROM + 5):
            assert await sign_in(http, person, f"10.0.{number}.1", "uma frase errada") == 401
        await eventually(partial(signed_in, http, person, "127.0.0.1"), within=1)
        await eventually(partial(signed_in, http, person, "203.0.113.99"), within=30)


async def signed_in(http: httpx2.AsyncClient, person: Person, address: str) -> bool:
    return await sign_in(http, person, address, PASSWORD) == 201
