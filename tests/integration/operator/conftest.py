"""The command-line tests have a stack of their own: they delete an inbox topic and rebuild all views."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from deploy.local.table import listeners
from services.common.catalogue import catalogue
from services.common.contracts import topics as names
from services.common.store import connect, disconnect
from tests.integration.operator.command_line_environment import FREE, STUCK, CommandLineEnvironment, subject_of
from tests.support import stacks, topics


async def without_inbox(stack: LocalStack) -> None:
    await topics.delete(stack.env["KAFKA_URL"], [names.inbox(STUCK)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CommandLineEnvironment]:
    """Intake, routing and the gateway's worker. The inbox topic of one department is missing."""
    async with stacks.own(tmp_path_factory.mktemp("command-line"), ("kafka", "mongo")) as stack:
        await without_inbox(stack)
        await stack.start_processes(["intake", "routing"])
        # Without every inbox topic the worker is not ready: it cannot list departments' cases. It keeps people's views.
        listening = listeners("gateway-worker", "gateway.worker", stack.port) | {"POSTIGO_INSTANCE": "1"}
        await stack.start_program("gateway-worker", [sys.executable, "-m", "gateway.worker"], listening)
        producer = await topics.producer(stack.env["KAFKA_URL"])
        client = connect(stack.env["MONGO_URL"])
        subjects = {code: subject_of(code, list(catalogue().subjects.values())) for code in (STUCK, FREE)}
        yield CommandLineEnvironment(stack, producer, client, subjects)
        await producer.stop()
        await disconnect(client)


@pytest_asyncio.fixture(loop_scope="session")
async def stuck(environment: CommandLineEnvironment) -> str:
    """A department whose inbox topic is missing, also after a test that repaired it."""
    await without_inbox(environment.stack)
    # Its producer still knows the topic, and would try again and again.
    await environment.stack.restart("routing")
    return STUCK
