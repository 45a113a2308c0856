"""One embedded stack for each worker: whole-system tests differ by account and key, kernel tests by topic."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local import LocalStack

HERE = Path(__file__).parent

TOGETHER = (
    "e2e",
    "integration/documents",
    "integration/gateway",
    "integration/kernel/test_embedded.py",
    "integration/local_stack",
    "integration/notifications",
)
"""Places whose tests share processes, and so one worker."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Give tests that belong together to one worker; nobody shall wait for the longest, wherever the shuffle put it."""
    for item in items:
        place = item.path.relative_to(HERE)
        for group in TOGETHER:
            if place.is_relative_to(group):
                item.add_marker(pytest.mark.xdist_group(group))
    yield
    items.sort(key=lambda item: not item.path.is_relative_to(HERE / "e2e"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """The embedded engines, with every topic of the house."""
    async with LocalStack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
