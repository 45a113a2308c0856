"""The documents process on its own stack, so that its consumer group does not consume the records of other tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.documents.documents_environment import DocumentsEnvironment
from tests.support import stacks


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def documents(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Kafka, MongoDB, the object store, and one documents process."""
    async with stacks.own(tmp_path_factory.mktemp("documents"), ("kafka", "mongo", "s3")) as stack:
        await stack.start_processes(["documents"])
        yield stack


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def environment(documents: LocalStack) -> AsyncIterator[DocumentsEnvironment]:
    """The environment of the documents process: signed calls, facts, bucket and collections."""
    async with DocumentsEnvironment(documents.env, documents.env["DOCUMENTS_URL"]) as environment:
        yield environment
