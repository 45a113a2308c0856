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
from deploy.local.errors import StackError, translate_os_errors
from deploy.local.fetch import fetch_jars
from deploy.local.groups import Groups
from deploy.local.home import Home
from deploy.local.program import Kind, Observer, Probe, Program, State, Step, always, unobserved
from deploy.local.supervised import Supervised
from deploy.local.tier import EMBEDDED, Tier
from deploy.topics_apply import apply


class LocalStack:
    """Supervises engines and processes. The event loop must keep running.

    A program that dies is restarted until it is stopped. When this process ends, in whatever way, all its programs end
    too. This relies on the parent-death signal, so use it from the main thread.

    `given`: variables of engines that run elsewhere. They are passed to the processes, and those engines are not started.
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
        """The variables of every Postigo process: URLs, secrets, and limits for trials."""
        return {**table.limits(), **table.addresses(self.tier, self._ports), **self._secrets, **self._given}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the engines and apply the topics. Raises StackError; then nothing is left running."""
        if sys.platform != "linux":
            raise StackError("The local stack needs Linux: it uses Linux features to leave no process behind.")
        _require_packages()
        self.home.open()
        self._started_at = time.time()
        try:
            with translate_os_errors(self.home.folder):
                fixed = {} if self._gateway_port is None else {"gateway": self._gateway_port}
                self._ports = self.home.ports(table.port_names(self.tier), fixed)
                self._secrets = self.home.secrets()
                await self._require_programs()
                self._groups.open(self.home.locks)
                await _run_all(self._start_engine(name) for name in self._engines)
                if "kafka" not in self._engines:
                    await self._apply_topics_now()
        except BaseException:
            await self.close()
            raise

    async def start_processes(
        self, names: Iterable[str] = tuple(table.PROCESSES), extra_env: Mapping[str, str] | None = None
    ) -> None:
        """Start Postigo processes and wait until all of them are ready. Raises StackError."""
        environment = {**self.env, **(extra_env or {})}
        await _run_all(self._start(table.process(name, self._ports, environment)) for name in names)

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
        """Start any other program, with the stack's variables and `env`, and wait until ready. Raises StackError."""
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
        """The port of an engine or a process. For another name: a free port, the same at the next start."""
        if name not in self._ports:
            self._ports |= self.home.ports([name], {})
        return self._ports[name]

    def pid(self, name: str) -> int | None:
        """The pid of `name`; None while it does not run."""
        return self._programs[name].pid

    def restarts(self, name: str) -> int:
        """How often `name` died and was restarted."""
        return self._programs[name].restarts

    async def kill(self, name: str) -> None:
        """SIGKILL `name` and wait until it is dead. The supervisor then restarts it (see `wait_ready`)."""
        await self._programs[name].kill()

    async def stop(self, name: str) -> None:
        """Stop `name` with its stop signal. It stays down until `restart`."""
        await self._programs[name].stop()

    async def restart(self, name: str) -> None:
        """Stop `name` if it runs, start it, and wait until it is ready. Raises StackError."""
        await self._programs[name].stop()
        await self._programs[name].start()

    async def wait_ready(self, name: str, within: float = 60.0) -> None:
        """Wait until `name` is ready, at most `within` seconds. Raises StackError."""
        await self._programs[name].wait_ready(within)

    def kill_all(self) -> None:
        """SIGKILL all programs, without the orderly stop of `close`."""
        self.was_killed = True
        for each in self._programs.values():
            each.stay_down()
        self._groups.kill_all()

    async def close(self) -> None:
        """Stop all programs: first the processes, which drain, then the engines. Each has its `stop_within` seconds."""
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
            await self._apply_topics_now()

    async def _apply_topics_now(self) -> None:
        if not self._apply_topics:
            return
        started = time.monotonic()
        self._observe(Step("topics", State.STARTING))
        declared = [topic.on_one_node() for topic in topics.load()]
        try:
            changes = await apply(self.env["KAFKA_URL"], declared)
        except topics.TopicsError as error:
            raise StackError(f"The topics could not be applied: {error}") from error
        detail = f"{len(declared)} topics, {len(changes)} changed"
        self._observe(Step("topics", State.READY, time.monotonic() - started, detail))

    async def _start(self, program: Program) -> None:
        if program.name in self._programs:
            raise StackError(f"{program.name} is part of this stack already.")
        supervised = Supervised(program, self.home, self._groups, self._on_step)
        self._programs[program.name] = supervised
        await supervised.start()

    def _on_step(self, step: Step) -> None:
        self._observe(step)
        self._write_state("running")

    def _write_state(self, phase: str) -> None:
        """Write the report for `postigo status`. Ignores a full disk: the programs must keep running."""
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
            about = {"supervisor": os.getpid(), "started_at": self._started_at, "tier": self.tier}
            self.home.write_state({"phase": phase, **about, "programs": programs})


def _require_packages() -> None:
    if any(find_spec(package) is None for package in table.PACKAGES):
        raise StackError("The packages of the local stack are not installed: run 'make setup'.")


async def _run_all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all concurrently. The first failure cancels the others and is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
