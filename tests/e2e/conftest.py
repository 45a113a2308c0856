"""The whole system, started once: every process, and a department for every code."""

import sys
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.local import LocalStack
from services.common.catalogue import catalogue


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(engines: LocalStack) -> AsyncIterator[LocalStack]:
    """Engines, processes, demo accounts and the reference departments."""
    await engines.start_processes()
    await create_accounts(load_accounts(), engines.env)
    codes = [option for code in sorted(catalogue().departments) for option in ("--code", code)]
    await engines.start_program("departments", [sys.executable, "-m", "deploy.demo.department", *codes])
    yield engines
    await engines.stop("departments")
