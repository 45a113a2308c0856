"""The environment of the fault schedules: the whole system, two of each process, with a proxy for every connection."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from deploy.demo.accounts import create_accounts
from deploy.demo.data import load_accounts
from deploy.demo.stage import start_departments
from deploy.local import LocalStack, StackError, probes, table
from deploy.local.program import Observer, unobserved
from deploy.local.tier import REAL, Tier
from services.common.catalogue import catalogue
from services.common.domain.position import Position
from tests.faults.clock import library
from tests.faults.disk import Disk
from tests.faults.schedule import DEPARTMENTS, MEMBERS, STORE, STORES
from tests.support.proxy import GOOD, Manners, Proxy

READY_WITHIN: Final = 90.0
"""Seconds for the start of everything on a busy machine."""

UP_AGAIN_WITHIN: Final = 30.0

GATEWAYS: Final = ("gateway", "gateway-2")
DOCUMENTS: Final = ("documents", "documents-2")

PROXIES: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(STORES.values(), ("mongo",)),
    "objects": ("s3",),
    "smtp": ("mail",),
    "counter": GATEWAYS,
    "to gateway": tuple(table.internal_name(name, "gateway") for name in GATEWAYS),
    "to documents": DOCUMENTS,
}
"""The targets of each proxy: an engine, or the replicas of a process, which it uses in turn."""


class FaultsEnvironment:
    """`appended_copies` and `poisoned`: positions of records that a schedule appended."""

    def __init__(self, home: Path, tier: Tier, observe: Observer = unobserved) -> None:
        self.stack = LocalStack(home, tier=tier, observe=observe)
        self.disk = Disk(home / "data")
        self.appended_copies: set[Position] = set()
        self.poisoned: set[Position] = set()
        self._proxies: dict[str, Proxy] = {}
        self._stopped: set[int] = set()
        self._start_files = home / "next-start"

    @property
    def kafka(self) -> str:
        return self.stack.env["KAFKA_URL"]

    @property
    def public_url(self) -> str:
        """The public API: the proxy before both gateways."""
        return f"http://127.0.0.1:{self._proxies['counter'].port}"

    @property
    def programs(self) -> Sequence[str]:
        """All programs that a schedule may kill or stop, engines first."""
        return (*table.TIERS[self.stack.tier], *MEMBERS, DEPARTMENTS)

    async def open(self, stack: AsyncExitStack) -> None:
        """Start everything; `stack` stops it. Raises StackError."""
        if self.stack.tier == REAL:
            stack.enter_context(self.disk.mounted())
        await stack.enter_async_context(self.stack)
        self._start_files.mkdir(exist_ok=True)
        for name, targets in PROXIES.items():
            addresses = [f"127.0.0.1:{self.stack.port(target)}" for target in targets]
            self._proxies[name] = await stack.enter_async_context(Proxy(*addresses))
        await asyncio.gather(*(self._start(name, module) for name, module in MEMBERS.items()))
        await create_accounts(load_accounts(), self.stack.home, self.stack.env)
        await self._open_departments()

    async def _start(self, name: str, module: str) -> None:
        own = {
            **table.listeners(name, module, self.stack.port),
            "POSTIGO_INSTANCE": "1" if name in table.PROCESSES else name.rpartition("-")[2],
            "POSTIGO_TEST_CLOCK": str(library() or ""),
        }
        await self.stack.start_program(
            name,
            [sys.executable, "-m", "tests.faults.launch", str(self._start_files), name, module],
            env={**own, **self._addresses(name.removesuffix("-2"))},
            url=f"http://127.0.0.1:{self.stack.port(name)}",
            ready=partial(probes.http_ready, self.stack.port(table.internal_name(name, module))),
            ready_within=READY_WITHIN,
            stop_within=table.DRAIN_SECONDS,
        )

    def _addresses(self, process: str) -> dict[str, str]:
        at = {name: f"127.0.0.1:{proxy.port}" for name, proxy in self._proxies.items()}
        return {
            "MONGO_URL": f"mongodb://{at[STORES[process]]}",
            "S3_URL": f"http://{at['objects']}",
            "SMTP_URL": f"smtp://{at['smtp']}",
            "GATEWAY_URL": f"http://{at['to gateway']}",
            "DOCUMENTS_URL": f"http://{at['to documents']}",
        }

    async def _open_departments(self) -> None:
        await start_departments(self.stack, sorted(catalogue().departments))

    # Faults.

    async def kill(self, name: str) -> None:
        """SIGKILL. The supervisor restarts the program."""
        await self.stack.kill(name)

    def signal(self, name: str, number: signal.Signals) -> int | None:
        """Send a signal; returns the pid that got it."""
        pid = self.stack.pid(name)
        if pid is None:
            return None
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if number is signal.SIGSTOP:
            self._stopped.add(pid)
        return pid

    def resume(self, pid: int | None) -> None:
        """Send SIGCONT to a stopped process, if it still exists."""
        if pid is not None:
            self._stopped.discard(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def behave(self, where: str, manners: Manners) -> None:
        for name in set(STORES.values()) if where == STORE else {where}:
            self._proxies[name].behave(manners)

    def prepare_next_start(self, name: str, what: str, line: str) -> Path:
        """Prepare a failpoint, a clock or a mutation for the next start of `name`."""
        file = self._start_files / f"{name}.{what}"
        file.write_text(line, encoding="ascii")
        return file

    @asynccontextmanager
    async def broken(self, process: str, mutation: str) -> AsyncIterator[None]:
        """Within the block, both members of `process` run with the mutation."""
        members = [name for name, module in MEMBERS.items() if module == MEMBERS[process]]
        files = [self.prepare_next_start(name, "mutation", mutation) for name in members]
        await asyncio.gather(*map(self.stack.restart, members))
        try:
            yield
        finally:
            for file in files:
                file.unlink()
            await asyncio.gather(*map(self.stack.restart, members))

    async def heal(self) -> None:
        """End all faults: continue stopped processes, reset proxies and disk, restart programs. Raises StackError."""
        for pid in list(self._stopped):
            self.resume(pid)
        self.disk.free()
        for proxy in self._proxies.values():
            proxy.behave(GOOD)
        for file in [*self._start_files.glob("*.failpoint"), *self._start_files.glob("*.clock")]:
            file.unlink()
        await asyncio.gather(*map(self._up, self.programs))

    async def _up(self, name: str) -> None:
        """Wait until it is ready, or restart it: the supervisor does not restart a program that was never ready."""
        try:
            await self.stack.wait_ready(name, UP_AGAIN_WITHIN)
        except StackError:
            await self.stack.restart(name)


@asynccontextmanager
async def faults_environment(
    home: Path, tier: Tier, observe: Observer = unobserved
) -> AsyncIterator[FaultsEnvironment]:
    """A running environment within the block."""
    environment = FaultsEnvironment(home, tier, observe)
    async with AsyncExitStack() as stack:
        await environment.open(stack)
        yield environment
