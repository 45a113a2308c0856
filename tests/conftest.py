"""One stack for each worker: whole-system tests differ by account and key, kernel tests by topic."""

import signal
from collections.abc import AsyncIterator, Generator
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from deploy.local import LocalStack
from tests.support import stacks
from tests.support.hangs import HangWatchdog

TOGETHER: Final = (
    "tests/integration/gateway/",
    "tests/integration/operator/test_command_line.py",
    "tests/integration/notifications/",
    "tests/integration/local_stack/",
    "tests/integration/kernel/test_kernel.py::TestMotor",
    "tests/integration/kernel/test_kernel.py::TestPyMongo",
    "tests/integration/documents/",
)
"""Places whose tests share processes: what takes longest comes first, so that nobody waits for it in the end."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Tests that share processes share a worker; every other test goes to whoever is free.

    xdist's own `loadgroup` groups nothing from pytest 9.2 on: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """A run in the background ignores Ctrl-C, and what it starts would inherit that. No test asserts a time."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("postigo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("postigo")
    config.pluginmanager.register(HangWatchdog())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Whatever the shuffle did: what shares processes comes first, and then the kernel's long lives and deaths."""
    yield
    begin = (*TOGETHER, "tests/integration/kernel/")
    items.sort(
        key=lambda item: next((at for at, place in enumerate(begin) if item.nodeid.startswith(place)), len(begin))
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """The engines, with every topic of the house."""
    async with stacks.shared(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
