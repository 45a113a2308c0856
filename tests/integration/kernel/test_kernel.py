"""Runs the kernel's specification with both MongoDB drivers."""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.spec import KernelSpec
from tests.support.waiting import eventually


@pytest_asyncio.fixture(scope="class", loop_scope="session")
async def ledger(
    request: pytest.FixtureRequest, engines: LocalStack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    async with bench(engines, tmp_path_factory.mktemp("ledger"), **getattr(request.cls, "env", {})) as created:
        await created.start()
        await eventually(created.ready)
        yield created


class TestMotor(KernelSpec):
    """Motor is the default driver."""


class TestPyMongo(KernelSpec):
    env: ClassVar = {"MONGO_DRIVER": "pymongo"}
