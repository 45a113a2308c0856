"""The store dies and comes back under load: nothing is lost, doubled, reordered or put aside."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.common.store import Driver
from tests.integration.kernel.asking import load
from tests.integration.kernel.harness import bench
from tests.support import stacks
from tests.support.waiting import eventually


@stacks.only_real
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_store_that_dies_again_and_again_loses_and_doubles_nothing(tmp_path: Path, driver: Driver) -> None:
    async with (
        stacks.own(tmp_path, ("kafka", "mongo"), apply_topics=False) as stack,
        bench(stack, tmp_path, MONGO_DRIVER=driver) as own,
    ):
        await own.start()
        await eventually(own.ready)
        keys = [uuid4() for _ in range(5)]
        for name in ("postgres", "mongo", "postgres"):
            await load(own, keys, 10)
            await stack.kill(name)
            await load(own, keys, 10)
            await stack.wait_ready(name)
        await stack.stop("postgres")
        await load(own, keys, 10)
        await stack.restart("postgres")

        await own.settled(60)
        assert await own.letters() == []
        assert await own.live()
