"""One run at a time."""

from pathlib import Path

import pytest

from deploy.demo.errors import DemoError
from deploy.demo.stage import Turn
from deploy.local.home import Home


async def test_two_runs_in_one_home_take_turns(tmp_path: Path) -> None:
    async with Turn(Home(tmp_path)):
        with pytest.raises(DemoError, match="Another demonstration"):
            await Turn(Home(tmp_path)).__aenter__()
    async with Turn(Home(tmp_path)):
        pass
