"""The whole system, started once: every process, and a department for every code."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.demo.stage import start_departments
from deploy.local import LocalStack
from services.common.catalogue import catalogue

SHOWN_WARNINGS = 5
"""Of each process, after a failed test."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(engines: LocalStack) -> AsyncIterator[LocalStack]:
    """Engines, processes, demo accounts and the reference departments."""
    await engines.start_processes()
    await create_accounts(load_accounts(), engines.home, engines.env)
    await start_departments(engines, sorted(catalogue().departments))
    yield engines
    await engines.stop("departments")


@pytest.fixture(autouse=True)
def warnings_of_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Print the last warnings of every process. pytest shows them when the test has failed."""
    yield
    for path in sorted(tmp_path_factory.getbasetemp().glob("*/logs/*.log")):
        lines = [line for line in path.read_text(errors="replace").splitlines() if '"level":"info"' not in line]
        if lines and lines[0].startswith("{"):
            print(path.name, *lines[-SHOWN_WARNINGS:], sep="\n  ")
