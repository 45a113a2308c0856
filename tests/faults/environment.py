"""The whole system on one machine, two of each process, with a proxy before everything that is asked over a network."""

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
from deploy.demo.stage import departments_listen
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
"""Seconds that everything together has to come up on a busy machine."""

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
"""What each proxy stands before: an engine, or the replicas of a process, in turn."""


class Town:
    """`said_again` and `poisoned`: where records lie that a schedule appended and nobody of ours said."""

    def __init__(self, home: Path, tier: Tier, observe: Observer = unobserved) -> None:
        self.stack = LocalStack(home, tier=tier, observe=observe)
        self.disk = Disk(home / "data")
        self.said_again: set[Position] = set()
        self.poisoned: set[Position] = set()
        self._proxies: dict[str, Proxy] = {}
        self._stopped: set[int] = set()
        self._ready_files = home / "next-life"

    @property
    def kafka(self) -> str:
        return self.stack.env["KAFKA_URL"]

    @property
    def counter(self) -> str:
        """Where people go: whichever gateway has its turn."""
        return f"http://127.0.0.1:{self._proxies['counter'].port}"

    @property
    def programs(self) -> Sequence[str]:
        """Everything that a schedule may end or stop, engines first."""
        return (*table.TIERS[self.stack.tier], *MEMBERS, DEPARTMENTS)

    async def open(self, stack: AsyncExitStack) -> None:
        """Start everything; `stack` closes it. Raises StackError."""
        if self.stack.tier == REAL:
            stack.enter_context(self.disk.mounted())
        await stack.enter_async_context(self.stack)
        self._ready_files.mkdir(exist_ok=True)
        for name, targets in PROXIES.items():
            addresses = [f"127.0.0.1:{self.stack.port(target)}" for target in targets]
            self._proxies[name] = await stack.enter_async_context(Proxy(*addresses))
        await asyncio.gather(*(self._start(name, module) for name, module in MEMBERS.items()))
        await create_accounts(load_accounts(), self.stack.env)
        await self._open_departments()

    async def _start(self, name: str, module: str) -> None:
        own = {
            **table.listeners(name, module, self.stack.port),
            "POSTIGO_INSTANCE": "1" if name in table.PROCESSES else name.rpartition("-")[2],
            "POSTIGO_TEST_CLOCK": str(library() or ""),
        }
        await self.stack.start_program(
            name,
            [sys.executable, "-m", "tests.faults.launch", str(self._ready_files), name, module],
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
        codes = sorted(catalogue().departments)
        options = [option for code in codes for option in ("--code", code)]
        await self.stack.start_program(
            DEPARTMENTS,
            [sys.executable, "-m", "deploy.demo.department", *options],
            ready=partial(departments_listen, self.kafka, codes),
        )

    # What can be done to it.

    async def kill(self, name: str) -> None:
        """SIGKILL; it is started again by itself."""
        await self.stack.kill(name)

    def signal(self, name: str, number: signal.Signals) -> int | None:
        """Send a signal; the process that got it."""
        pid = self.stack.pid(name)
        if pid is None:
            return None
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if number is signal.SIGSTOP:
            self._stopped.add(pid)
        return pid

    def go_on(self, pid: int | None) -> None:
        """Let a stopped process go on, if it still lives."""
        if pid is not None:
            self._stopped.discard(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def behave(self, where: str, manners: Manners) -> None:
        for name in set(STORES.values()) if where == STORE else {where}:
            self._proxies[name].behave(manners)

    def lay_ready(self, name: str, what: str, line: str) -> Path:
        """For the next life of `name`: a failpoint, a clock or a mutation."""
        file = self._ready_files / f"{name}.{what}"
        file.write_text(line, encoding="ascii")
        return file

    @asynccontextmanager
    async def broken(self, process: str, mutation: str) -> AsyncIterator[None]:
        """Within the block both members of `process` break a promise of the kernel."""
        members = [name for name, module in MEMBERS.items() if module == MEMBERS[process]]
        files = [self.lay_ready(name, "mutation", mutation) for name in members]
        await asyncio.gather(*map(self.stack.restart, members))
        try:
            yield
        finally:
            for file in files:
                file.unlink()
            await asyncio.gather(*map(self.stack.restart, members))

    async def heal(self) -> None:
        """Everything goes on, behaves and runs again, and no next life has anything laid ready. Raises StackError."""
        for pid in list(self._stopped):
            self.go_on(pid)
        self.disk.free()
        for proxy in self._proxies.values():
            proxy.behave(GOOD)
        for file in [*self._ready_files.glob("*.failpoint"), *self._ready_files.glob("*.clock")]:
            file.unlink()
        await asyncio.gather(*map(self._up, self.programs))

    async def _up(self, name: str) -> None:
        """A program that was ended before it was ever ready is not started again by itself."""
        try:
            await self.stack.wait_ready(name, UP_AGAIN_WITHIN)
        except StackError:
            await self.stack.restart(name)


@asynccontextmanager
async def town(home: Path, tier: Tier, observe: Observer = unobserved) -> AsyncIterator[Town]:
    """A town that is open while the block lasts."""
    made = Town(home, tier, observe)
    async with AsyncExitStack() as stack:
        await made.open(stack)
        yield made
