"""The whole system on a stack of its own: the life of a request needs every process, and departments that nobody else plays."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.life.system import System, system_of
from tests.support import stacks


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    given = ("MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    async with stacks.shared(tmp_path_factory.mktemp("life"), ("kafka", "mongo", "s3", "mail"), *given) as stack:
        await stack.start_processes()
        async with system_of(stack) as system:
            yield system
