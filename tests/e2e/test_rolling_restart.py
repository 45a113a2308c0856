"""Rolling restart of two replicas of every process while clients file at a steady rate, without retries: no submit fails.

A simple load balancer is in front of the gateways, and another one in front of the documents services.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.demo.stage import start_departments
from deploy.local import LocalStack, probes
from deploy.local.table import DRAIN_SECONDS, PROCESSES, internal_name, listeners
from services.common.catalogue import catalogue
from tests.e2e.crowd import Crowd, crowd
from tests.support import stacks
from tests.support.balancer import Balancer

DRAIN = 2.0
RATE = 10.0
"""Requests a second: what two cores carry beside processes that start. Faster clients would measure the queues, not the restart."""

BATCH = 16

BALANCED = {
    "PUBLIC_URL": ("gateway", "gateway-internal"),
    "GATEWAY_URL": ("gateway-internal", "gateway-internal"),
    "DOCUMENTS_URL": ("documents", "documents"),
}
"""The balanced addresses: the variable, the port name of the listener, and the port name of its probe."""


def second(name: str) -> str:
    """The name of the second replica of a process, or of its port."""
    return "gateway-2-internal" if name == "gateway-internal" else f"{name}-2"


@asynccontextmanager
async def doubled(home: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalStack, str]]:
    """A stack with two replicas of every process, and the address of its gateways."""
    async with AsyncExitStack() as exit_stack:
        system = await exit_stack.enter_async_context(stacks.own(home.mktemp("doubled")))
        env = {"HTTP_DRAIN": str(DRAIN)}
        for variable, (name, probe) in BALANCED.items():
            replicas = {system.port(name): system.port(probe), system.port(second(name)): system.port(second(probe))}
            env[variable] = (await exit_stack.enter_async_context(Balancer(replicas))).url
        await system.start_processes(extra_env=env)
        await asyncio.gather(*(start_second(system, name, env) for name in PROCESSES))
        await create_accounts(load_accounts(), system.home, system.env)
        await start_departments(system, sorted(catalogue().departments), {"PUBLIC_URL": env["PUBLIC_URL"]})
        yield system, env["PUBLIC_URL"]


async def start_second(system: LocalStack, name: str, env: dict[str, str]) -> None:
    module = PROCESSES[name]
    own = {**listeners(second(name), module, system.port), "POSTIGO_INSTANCE": "2"}
    await system.start_program(
        second(name),
        [sys.executable, "-m", module],
        env | own,
        ready=partial(probes.http_ready, system.port(internal_name(second(name), module))),
        stop_within=DRAIN + DRAIN_SECONDS,
    )


async def restart_everything(system: LocalStack) -> None:
    for name in PROCESSES:
        for replica in (name, second(name)):
            await system.restart(replica)


async def file_until(done: asyncio.Task[None], people: Crowd) -> None:
    """File requests without retries until `done`, each at its time. Any answer other than a success fails the test."""
    start = time.monotonic()

    async def in_time(number: int) -> None:
        await asyncio.sleep(start + number / RATE - time.monotonic())

    while not done.done():
        await people.file(BATCH, in_time, first=people.wanted)


@pytest.mark.timeout(600)
async def test_a_rolling_restart_under_load_fails_no_submit(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with doubled(tmp_path_factory) as (system, url), crowd(system, url, tries=1) as people:
        restarting = asyncio.create_task(restart_everything(system))
        try:
            await file_until(restarting, people)
        finally:
            restarting.cancel()
        await restarting
        history, verdicts = await people.at_rest(within=150)
        print(f"{people.wanted} requests were filed")
        assert len(history.acknowledged) == people.wanted
        assert [violation.what for verdict in verdicts for violation in verdict.violations] == []
