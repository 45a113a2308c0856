"""The whole stack on one machine: engines, topics, Postigo processes, in one home folder.

async with LocalStack(Path("home"), engines=("kafka", "mongo")) as stack:
    await stack.start_processes(["intake"])
    await stack.kill("intake")
    await stack.wait_ready("intake")
"""

import asyncio
import os
import sys
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy import topics
from deploy.local import cache, table
from deploy.local.errors import StackError, explained
from deploy.local.fetch import fetch_jars
from deploy.local.groups import Groups
from deploy.local.home import Home
from deploy.local.program import Kind, Observer, Probe, Program, State, Step, always, unobserved
from deploy.local.supervised import Supervised
from deploy.local.tier import EMBEDDED, Tier
from deploy.topics_apply import apply


class LocalStack:
    """Engines and processes, supervised by this object: it must live in a loop that keeps running.

    A program that dies is started again until it is stopped. When this process ends, in whatever way, everything
    that it started ends too; so it has to be used from the main thread.

    `given` are variables of engines that run elsewhere: they are handed on, and those engines are not started.
    """

    def __init__(
        self,
        home: Path,
        *,
        tier: Tier = EMBEDDED,
        engines: Iterable[str] | None = None,
        given: Mapping[str, str] | None = None,
        apply_topics: bool = True,
        gateway_port: int | None = None,
        observe: Observer = unobserved,
    ) -> None:
        self.home = Home(home)
        self.tier = tier
        rows = table.TIERS[tier]
        wanted = tuple(rows if engines is None else engines)
        self._given = dict(given or {})
        self._engines = table.with_needs(tier, (name for name in wanted if rows[name].variable not in self._given))
        self._apply_topics = apply_topics and "kafka" in wanted
        self._gateway_port = gateway_port
        self._observe = observe
        self._ports: dict[str, int] = {}
        self._groups = Groups()
        self._programs: dict[str, Supervised] = {}
        self.was_killed = False
        self._started_at = 0.0
        self._secrets: dict[str, str] = {}

    @property
    def env(self) -> dict[str, str]:
        """The variables that every Postigo process gets: URLs and secrets."""
        return {**table.addresses(self.tier, self._ports), **self._secrets, **self._given}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the engines and apply the topics. Raises StackError, and then nothing is left running."""
        if sys.platform != "linux":
            raise StackError("The local stack needs Linux: it relies on Linux to leave no process behind.")
        _require_packages()
        self.home.open()
        self._started_at = time.time()
        try:
            with explained(self.home.folder):
                fixed = {} if self._gateway_port is None else {"gateway": self._gateway_port}
                self._ports = self.home.ports(table.port_names(self.tier), fixed)
                self._secrets = self.home.secrets()
                await self._require_programs()
                self._groups.open(self.home.locks)
                await _all(self._start_engine(name) for name in self._engines)
                if "kafka" not in self._engines:
                    await self._bring_topics()
        except BaseException:
            await self.close()
            raise

    async def start_processes(
        self, names: Iterable[str] = tuple(table.PROCESSES), extra_env: Mapping[str, str] | None = None
    ) -> None:
        """Start Postigo processes and wait until all are ready. Raises StackError."""
        environment = {**self.env, **(extra_env or {})}
        await _all(self._start(table.process(name, self._ports, environment)) for name in names)

    async def start_program(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        url: str = "",
        ready: Probe = always,
        ready_within: float = 60.0,
        stop_within: float = 15.0,
    ) -> None:
        """Start any other program beside the processes, with the stack's variables and `env`. Raises StackError."""
        program = Program(
            name=name,
            kind=Kind.PROCESS,
            command=command,
            environment={**table.inherited(), **self.env, **(env or {})},
            url=url,
            ready=ready,
            ready_within=ready_within,
            stop_within=stop_within,
        )
        await self._start(program)

    def port(self, name: str) -> int:
        """The port of an engine or a process; for another name a free one, the same at the next start."""
        if name not in self._ports:
            self._ports |= self.home.ports([name], {})
        return self._ports[name]

    def pid(self, name: str) -> int | None:
        """The process id of `name` now; None while it is down."""
        return self._programs[name].pid

    def restarts(self, name: str) -> int:
        """How often `name` has died and been started again."""
        return self._programs[name].restarts

    async def kill(self, name: str) -> None:
        """SIGKILL `name` and wait until it is dead; it is started again by itself (see `wait_ready`)."""
        await self._programs[name].kill()

    async def stop(self, name: str) -> None:
        """Stop `name` in order; it stays down until `restart`."""
        await self._programs[name].stop()

    async def restart(self, name: str) -> None:
        """Stop `name` if it runs, start it, and wait until it is ready. Raises StackError."""
        await self._programs[name].stop()
        await self._programs[name].start()

    async def wait_ready(self, name: str, within: float = 60.0) -> None:
        """Wait until `name` is ready, for `within` seconds at most. Raises StackError."""
        await self._programs[name].wait_ready(within)

    def kill_all(self) -> None:
        """SIGKILL to everything, for those who cannot wait for `close`."""
        self.was_killed = True
        for each in self._programs.values():
            each.give_up()
        self._groups.kill_all()

    async def close(self) -> None:
        """Stop everything: the processes first (they drain), then the engines. Bounded by each program's time."""
        if not self.home.locks:
            return
        for kind in (Kind.PROCESS, Kind.ENGINE):
            await asyncio.gather(*(each.stop() for each in self._programs.values() if each.program.kind is kind))
        self._programs.clear()
        self._groups.close()
        self._write_state("stopped")
        self.home.close()

    async def _require_programs(self) -> None:
        rows = {name: table.TIERS[self.tier][name] for name in self._engines}
        if any(row.installed for row in rows.values()):
            cache.require_installed()
        await fetch_jars([name for name, row in rows.items() if row.in_java], self._observe)

    async def _start_engine(self, name: str) -> None:
        await self._start(table.engine(self.tier, name, self.home, self._ports))
        if name == "kafka":
            await self._bring_topics()

    async def _bring_topics(self) -> None:
        if not self._apply_topics:
            return
        begin = time.monotonic()
        self._observe(Step("topics", State.STARTING))
        declared = [topic.on_one_node() for topic in topics.load()]
        try:
            changes = await apply(self.env["KAFKA_URL"], declared)
        except topics.TopicsError as error:
            raise StackError(f"The topics could not be made: {error}") from error
        detail = f"{len(declared)} topics, {len(changes)} changed"
        self._observe(Step("topics", State.READY, time.monotonic() - begin, detail))

    async def _start(self, program: Program) -> None:
        if program.name in self._programs:
            raise StackError(f"{program.name} is part of this stack already.")
        supervised = Supervised(program, self.home, self._groups, self._heard)
        self._programs[program.name] = supervised
        await supervised.start()

    def _heard(self, step: Step) -> None:
        self._observe(step)
        self._write_state("running")

    def _write_state(self, phase: str) -> None:
        """For `postigo status`. On a full disk it stays as it was: the programs matter more than the report."""
        programs = [
            {
                "name": each.program.name,
                "kind": each.program.kind,
                "url": each.program.url,
                "pid": each.pid,
                "state": each.state,
                "started_at": each.started_at,
                "restarts": each.restarts,
            }
            for each in self._programs.values()
        ]
        with suppress(OSError):
            begun = {"supervisor": os.getpid(), "started_at": self._started_at, "tier": self.tier}
            self.home.write_state({"phase": phase, **begun, "programs": programs})


def _require_packages() -> None:
    if any(find_spec(package) is None for package in table.PACKAGES):
        raise StackError("The packages of the local stack are not installed: run 'make setup'.")


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Everything at once; the first failure ends the wait for the others and is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
