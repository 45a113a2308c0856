"""Only one run at a time."""

from pathlib import Path

import pytest

from deploy.demo.errors import DemoError
from deploy.demo.stage import RunLock
from deploy.local.home import Home


async def test_a_second_run_in_the_same_home_is_rejected(tmp_path: Path) -> None:
    async with RunLock(Home(tmp_path)):
        with pytest.raises(DemoError, match="Another demonstration"):
            await RunLock(Home(tmp_path)).__aenter__()
    async with RunLock(Home(tmp_path)):
        pass
