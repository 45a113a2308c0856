"""DependencyProbe of our own: a test here stops the broker, and counts what lies on the intake topic."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.gateway.front import Front, front
from tests.integration.gateway.town import Person, Town, town
from tests.support import stacks


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with stacks.own(tmp_path_factory.mktemp("gateway"), ("kafka", "mongo", "s3")) as stack:
        await stack.start_processes(["documents", "gateway", "gateway-worker"], {"FORWARDED_ALLOW_IPS": "127.0.0.1"})
        async with town(stack) as made:
            yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def entrance(gateway: Town) -> AsyncIterator[Front]:
    """Where strangers come in."""
    async with front(gateway.stack) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(gateway: Town) -> tuple[Person, Person, Person]:
    """Two persons and a company, the same for the whole run."""
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
