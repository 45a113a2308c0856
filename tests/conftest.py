"""One stack for each worker. Tests share it: those of the whole system use accounts and keys of their own, those of the
kernel topics of their own.
"""

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
    "tests/integration/life/",
    "tests/integration/gateway/test_d",
    "tests/integration/gateway/test_live",
    "tests/integration/gateway/test_s",
    "tests/integration/gateway/",
    "tests/integration/operator/test_command_line.py",
    "tests/integration/notifications/",
    "tests/integration/local_stack/",
    "tests/integration/kernel/test_kernel.py::TestMotor",
    "tests/integration/kernel/test_kernel.py::TestPyMongo",
    "tests/integration/documents/",
    "tests/integration/routing/",
)
"""Node id prefixes of tests that share processes. The slowest come first, so that no worker runs them last. Those of the gateway
are four groups: one worker would need longer for them than the others for all the rest.
"""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Runs tests that share processes on one worker, and every other test on any free worker.

    xdist's own `loadgroup` groups nothing from pytest 9.2 on: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((prefix for prefix in TOGETHER if nodeid.startswith(prefix)), nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """Restore SIGINT: a run in the background ignores it, and its child processes would inherit that.

    Hypothesis has no deadline, because no test asserts a time.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("postigo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("postigo")
    config.pluginmanager.register(HangWatchdog())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """After the random order: tests that share processes come first, then those of the kernel, which are slow too."""
    yield
    prefixes = (*TOGETHER, "tests/integration/kernel/")
    items.sort(
        key=lambda item: next(
            (index for index, prefix in enumerate(prefixes) if item.nodeid.startswith(prefix)), len(prefixes)
        )
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """The engines, with every declared topic."""
    async with stacks.shared(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
