"""The kernel's promises on the embedded engines."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.spec import KernelSpec
from tests.support.waiting import eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ledger(engines: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with bench(engines, tmp_path_factory.mktemp("ledger")) as made:
        await made.start()
        await eventually(made.ready)
        yield made


class TestEmbedded(KernelSpec):
    pass
