"""A house of its own for the command line: it takes an inbox away, and rebuilds everybody's views."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.common.catalogue import catalogue
from services.common.contracts import topics as names
from services.common.store import connect, disconnect
from tests.integration.operator.counter import FREE, STUCK, Counter, subject_of
from tests.support import stacks, topics


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counter]:
    """Intake, routing and the worker; one department's inbox is missing."""
    async with stacks.own(tmp_path_factory.mktemp("counter"), ("kafka", "mongo")) as stack:
        await topics.delete(stack.env["KAFKA_URL"], [names.inbox(STUCK)])
        await stack.start_processes(["intake", "routing", "gateway-worker"])
        producer = await topics.producer(stack.env["KAFKA_URL"])
        client = connect(stack.env["MONGO_URL"])
        subjects = {code: subject_of(code, list(catalogue().subjects.values())) for code in (STUCK, FREE)}
        yield Counter(stack, producer, client, subjects)
        await producer.stop()
        await disconnect(client)
