"""The store crashes and restarts under load: no record is lost, duplicated, reordered or dead-lettered."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.common.store import Driver
from tests.integration.kernel.harness import bench
from tests.integration.kernel.operations import load
from tests.support import stacks
from tests.support.waiting import eventually


@stacks.only_real
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_repeated_crashes_of_the_store_lose_and_duplicate_nothing(tmp_path: Path, driver: Driver) -> None:
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
