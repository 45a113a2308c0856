"""One embedded stack for the whole run: whole-system tests differ by account and key, kernel tests by topic."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalStack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """The embedded engines, with every topic of the house."""
    async with LocalStack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
