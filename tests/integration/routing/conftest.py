"""Intake and routing on their own stack, so that their consumer groups do not consume the records of other tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.routing.routing_environment import RoutingEnvironment, routing_environment
from tests.support import stacks


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def routing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RoutingEnvironment]:
    async with stacks.own(tmp_path_factory.mktemp("routing"), ("kafka", "mongo")) as stack:
        await stack.start_processes(["intake", "routing"])
        async with routing_environment(stack.env["KAFKA_URL"]) as environment:
            yield environment
