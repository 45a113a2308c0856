"""The broker is killed and restarted several times: its clients reconnect, or their process ends and is restarted."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.integration.kernel.harness import Bench, bench
from tests.integration.kernel.operations import load
from tests.support import stacks
from tests.support.waiting import eventually

RESTARTS = 3


@pytest_asyncio.fixture(loop_scope="session")
async def own(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> AsyncIterator[Bench]:
    """A ledger on engines of its own."""
    home = tmp_path_factory.mktemp("restarts")
    async with stacks.own(home, ["kafka", "mongo"]) as engines, bench(engines, tmp_path) as ledger:
        ledger.engines = engines
        await ledger.start()
        await eventually(ledger.ready)
        yield ledger


@pytest.mark.timeout(300)
async def test_after_each_restart_of_the_broker_records_are_processed(own: Bench) -> None:
    keys = [uuid4() for _ in range(4)]
    assert own.engines is not None
    for _ in range(RESTARTS):
        await load(own, keys, 5)
        await own.engines.kill("kafka")
        await own.engines.wait_ready("kafka")
        await load(own, keys, 5)
        await own.settled(within=60)

    async def ready() -> bool:
        await own.replaced()
        return await own.ready()

    await eventually(ready, within=60)
