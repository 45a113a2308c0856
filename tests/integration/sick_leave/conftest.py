"""A system with people of the demonstration and its department of sickness, on a stack of its own: tests here stop programs."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.demo.stage import start_departments
from tests.integration.gateway.gateway_environment import gateway_environment
from tests.integration.sick_leave.counter import Counter
from tests.support import stacks


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def counter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counter]:
    async with stacks.own(tmp_path_factory.mktemp("sick-leave"), ("kafka", "mongo", "s3")) as stack:
        await stack.start_processes(["documents", "gateway", "gateway-worker", "intake", "routing"])
        await create_accounts(load_accounts(), stack.home, stack.env)
        await start_departments(stack, ["dp"])
        async with gateway_environment(stack) as gateway:
            yield Counter(gateway)
