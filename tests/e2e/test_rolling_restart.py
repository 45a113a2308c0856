"""Two of every process, restarted one after the other while people file, once each: no submit fails, nothing is doubled.

A load balancer of the plainest kind stands before the gateways, and another before the documents services.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.local import LocalStack, probes
from deploy.local.table import DRAIN_SECONDS, PROCESSES, internal_name, listeners
from services.common.catalogue import catalogue
from tests.e2e.crowd import Crowd, crowd
from tests.support import stacks
from tests.support.balancer import Balancer

DRAIN = 2.0
AT_A_TIME = 16

BALANCED = {
    "PUBLIC_URL": ("gateway", "gateway-internal"),
    "GATEWAY_URL": ("gateway-internal", "gateway-internal"),
    "DOCUMENTS_URL": ("documents", "documents"),
}
"""What is sent requests: the variable by which others know it, and the names of its port and its probe's."""


def second(name: str) -> str:
    """The second replica of a process, or its port of this name."""
    return "gateway-2-internal" if name == "gateway-internal" else f"{name}-2"


@asynccontextmanager
async def doubled(home: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalStack, str]]:
    """A house with two of every process, and the address of its gateways."""
    async with AsyncExitStack() as open_now:
        house = await open_now.enter_async_context(stacks.own(home.mktemp("doubled")))
        env = {"HTTP_DRAIN": str(DRAIN)}
        for variable, (name, probe) in BALANCED.items():
            replicas = {house.port(name): house.port(probe), house.port(second(name)): house.port(second(probe))}
            env[variable] = (await open_now.enter_async_context(Balancer(replicas))).url
        await house.start_processes(extra_env=env)
        await asyncio.gather(*(start_second(house, name, env) for name in PROCESSES))
        await create_accounts(load_accounts(), house.env)
        codes = [option for code in sorted(catalogue().departments) for option in ("--code", code)]
        await house.start_program("departments", [sys.executable, "-m", "deploy.demo.department", *codes])
        yield house, env["PUBLIC_URL"]


async def start_second(house: LocalStack, name: str, env: dict[str, str]) -> None:
    module = PROCESSES[name]
    own = {**listeners(second(name), module, house.port), "POSTIGO_INSTANCE": "2"}
    await house.start_program(
        second(name),
        [sys.executable, "-m", module],
        env | own,
        ready=partial(probes.http_ready, house.port(internal_name(second(name), module))),
        stop_within=DRAIN + DRAIN_SECONDS,
    )


async def restart_everything(house: LocalStack) -> None:
    for name in PROCESSES:
        for replica in (name, second(name)):
            await house.restart(replica)


async def file_until(done: asyncio.Task[None], people: Crowd) -> None:
    """People file, each sending once what they have to say; whoever is told to come back ends the test."""

    async def at_once(_: int) -> None:
        """Nobody waits for anything."""

    while not done.done():
        await people.file(AT_A_TIME, at_once, first=people.wanted)


@pytest.mark.timeout(600)
async def test_everything_is_restarted_under_load_and_no_submit_fails(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with doubled(tmp_path_factory) as (house, url), crowd(house, url, tries=1) as people:
        restarting = asyncio.create_task(restart_everything(house))
        try:
            await file_until(restarting, people)
        finally:
            restarting.cancel()
        await restarting
        history, verdicts = await people.at_rest(within=150)
        assert len(history.acknowledged) == people.wanted
        assert [violation.what for verdict in verdicts for violation in verdict.violations] == []
