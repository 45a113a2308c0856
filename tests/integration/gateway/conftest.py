"""The gateway on its own stack: tests here stop the broker and count the records on the intake topic."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import pytest_asyncio

from gateway.limits.accounts import HOUR
from gateway.limits.counters import window_of
from tests.integration.gateway.drafts import collection
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person, gateway_environment
from tests.integration.gateway.public_endpoint import PublicEndpoint, public_endpoint
from tests.support import stacks
from tests.support.waiting import eventually

LONGEST_COUNT = 60
"""Seconds in which each test of an hour's limit has counted what it sends."""


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayEnvironment]:
    async with stacks.own(tmp_path_factory.mktemp("gateway"), ("kafka", "mongo", "s3")) as stack:
        await stack.start_processes(["documents", "gateway", "gateway-worker"], {"FORWARDED_ALLOW_IPS": "127.0.0.1"})
        async with gateway_environment(stack) as environment:
            yield environment


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def endpoint(gateway: GatewayEnvironment) -> AsyncIterator[PublicEndpoint]:
    """The address that clients use."""
    async with public_endpoint(gateway.stack) as endpoint:
        yield endpoint


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def signed_in(gateway: GatewayEnvironment) -> tuple[Person, Person, Person]:
    """Two persons and a company, the same for all tests of one stack."""
    person, other, company = await gateway.people(1, 1, 2)
    return person, other, company


@pytest.fixture
def person(signed_in: tuple[Person, Person, Person]) -> Person:
    return signed_in[0]


@pytest.fixture
def other(signed_in: tuple[Person, Person, Person]) -> Person:
    return signed_in[1]


@pytest.fixture
def company(signed_in: tuple[Person, Person, Person]) -> Person:
    return signed_in[2]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def drafts_author(gateway: GatewayEnvironment) -> Person:
    (person,) = await gateway.people(1)
    return person


@pytest_asyncio.fixture(loop_scope="session")
async def writer(gateway: GatewayEnvironment, drafts_author: Person) -> Person:
    """A person without drafts."""
    await collection(gateway, "gateway", "drafts").delete_many({"account_id": UUID(drafts_author.account_id)})
    return drafts_author


@pytest_asyncio.fixture(loop_scope="session")
async def within_one_hour() -> None:
    """What the test counts is counted in one hour: limits start anew with each hour of the clock."""

    async def time_left() -> bool:
        now = datetime.now(UTC)
        return window_of(HOUR, now).left(now) > LONGEST_COUNT

    await eventually(time_left, within=LONGEST_COUNT + 1)
