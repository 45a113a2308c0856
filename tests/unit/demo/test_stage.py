"""Only one run at a time, and a run on a stack that already runs."""

from pathlib import Path

import pytest

from deploy.demo.errors import DemoError
from deploy.demo.stage import RunLock, RunningStage
from deploy.local import table
from deploy.local.home import Home
from deploy.local.program import State
from deploy.local.tier import EMBEDDED, REAL, Tier


async def test_a_second_run_in_the_same_home_is_rejected(tmp_path: Path) -> None:
    async with RunLock(Home(tmp_path)):
        with pytest.raises(DemoError, match="Another demonstration"):
            await RunLock(Home(tmp_path)).__aenter__()
    async with RunLock(Home(tmp_path)):
        pass


@pytest.mark.parametrize("tier", [EMBEDDED, REAL])
async def test_a_running_stack_gives_the_addresses_of_both_listeners_of_the_gateway(tmp_path: Path, tier: Tier) -> None:
    home = Home(tmp_path)
    ports = home.ports(table.port_names(tier), {})
    programs = [{"name": name, "url": "-", "state": State.READY} for name in (*table.TIERS[tier], *table.PROCESSES)]
    home.write_state({"supervisor": home.owner(), "tier": tier, "programs": programs})
    async with RunningStage(tmp_path, lambda _: None) as stage:
        assert stage.env["PUBLIC_URL"] == f"http://127.0.0.1:{ports['gateway']}"
        assert stage.env["GATEWAY_URL"] == f"http://127.0.0.1:{ports['gateway-internal']}"
