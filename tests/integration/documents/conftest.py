"""The documents process on an own stack: its consumer group must not take other tests' partitions."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.documents.desk import Desk
from tests.support import stacks


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def documents(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Kafka, the stores, and one documents process."""
    async with stacks.own(tmp_path_factory.mktemp("documents"), ("kafka", "mongo", "s3")) as stack:
        await stack.start_processes(["documents"])
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(documents: LocalStack) -> AsyncIterator[Desk]:
    """Everything a test can do to documents, as the gateway, intake or an operator would."""
    async with Desk(documents.env, documents.env["DOCUMENTS_URL"]) as desk:
        yield desk
