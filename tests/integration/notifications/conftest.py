"""A broker of our own: the group `notifications` must have no other members while a test counts its records."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.notifications.notifications_environment import (
    NotificationsEnvironment,
    notifications_environment,
)
from tests.support import stacks


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def own_engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    async with stacks.shared(tmp_path_factory.mktemp("notifications"), ("kafka", "mongo"), "MONGO_URL") as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def environment(own_engines: LocalStack, tmp_path: Path) -> AsyncIterator[NotificationsEnvironment]:
    async with notifications_environment(own_engines, tmp_path) as made:
        yield made
