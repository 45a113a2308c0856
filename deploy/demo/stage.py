"""The stack of the demonstration: one that it starts itself, or the one that already runs in its home."""

import asyncio
import fcntl
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Protocol, Self

from deploy.demo.errors import DemoError
from deploy.demo.tokens import department_tokens
from deploy.local import LocalStack, table
from deploy.local.errors import translate_os_errors
from deploy.local.groups import Groups
from deploy.local.home import Home
from deploy.local.probes import NotReady
from deploy.local.program import Kind, Observer, Program, State, Step
from deploy.local.supervised import Supervised
from deploy.local.tier import EMBEDDED, Tier
from deploy.topics_apply import admin_client

DEPARTMENTS: Final = "departments"
"""The name of the program with all reference departments."""

RUNNING_WITHIN_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.2


class Stage(Protocol):
    """A stack that is up within the block. `own`: it stops at the end of the block. `steps`: the steps of its start."""

    own: bool
    home: Home
    steps: Sequence[str]

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    @property
    def env(self) -> dict[str, str]: ...

    async def open_departments(self, codes: Sequence[str]) -> None:
        """Start these departments, and return when they are ready to answer. Raises StackError or DemoError."""

    @property
    def was_killed(self) -> bool:
        """Whether an own stack was killed instead of stopped in order."""
        ...

    def kill_all(self) -> None:
        """SIGKILL all programs that it started, without an orderly stop."""


def stage_in(folder: Path, gateway_port: int | None, observe: Observer) -> Stage:
    """The stack that runs in `folder`; otherwise a new one, which starts when it is entered."""
    if Home(folder).owner() is None:
        return OwnStage(folder, gateway_port, observe)
    if gateway_port is not None:
        raise DemoError(f"Postigo already runs in {folder}, so its port cannot be chosen: leave out --gateway-port.")
    return RunningStage(folder, observe)


class OwnStage:
    """A stack that starts and stops with the demonstration."""

    own = True
    steps: Sequence[str] = (*table.TIERS[EMBEDDED], "topics", *table.PROCESSES)

    def __init__(self, folder: Path, gateway_port: int | None, observe: Observer) -> None:
        self._stack = LocalStack(folder, gateway_port=gateway_port, observe=observe)
        self.home = self._stack.home

    async def __aenter__(self) -> Self:
        try:
            await self._stack.start()
            await self._stack.start_processes()
        except BaseException:
            await self._stack.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.close()

    @property
    def env(self) -> dict[str, str]:
        return self._stack.env

    async def open_departments(self, codes: Sequence[str]) -> None:
        await start_departments(self._stack, codes)

    @property
    def was_killed(self) -> bool:
        return self._stack.was_killed

    def kill_all(self) -> None:
        self._stack.kill_all()


class RunningStage:
    """A stack that already runs in this home. Only the departments are started here."""

    own = False
    was_killed = False
    steps: Sequence[str] = ()

    def __init__(self, folder: Path, observe: Observer) -> None:
        self.home = Home(folder)
        self._observe = observe
        self._groups = Groups()
        self._departments: Supervised | None = None
        self._env: dict[str, str] = {}
        self._has_departments = False

    async def __aenter__(self) -> Self:
        programs = await self._programs()
        self._env = {**table.addresses(self._tier, self.home.kept_ports()), **self.home.secrets()}
        self._has_departments = DEPARTMENTS in programs
        self._groups.open(inherited=())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._departments is not None:
            await self._departments.stop()
        self._groups.close()

    @property
    def env(self) -> dict[str, str]:
        return self._env

    @property
    def _tier(self) -> Tier:
        tier: Tier = self.home.state().get("tier", EMBEDDED)
        return tier

    async def open_departments(self, codes: Sequence[str]) -> None:
        if self._has_departments:
            self._observe(Step(DEPARTMENTS, State.READY, detail="already running"))
            return
        environment = {**table.inherited(), **self.env, **await department_tokens(codes, self.home, self.env)}
        ready = partial(departments_listen, self.env["KAFKA_URL"], codes)
        program = Program(DEPARTMENTS, Kind.PROCESS, _command(codes), environment, ready=ready)
        self._departments = Supervised(program, self.home, self._groups, self._observe)
        await self._departments.start()

    def kill_all(self) -> None:
        self._groups.kill_all()

    async def _programs(self) -> Mapping[str, str]:
        """Name and URL of the ready programs, when all needed ones are ready. Raises StackError."""
        needed = {*table.TIERS[self._tier], *table.PROCESSES}
        deadline = time.monotonic() + RUNNING_WITHIN_SECONDS
        while True:
            ready = self.home.ready_programs()
            missing = ", ".join(sorted(needed - ready.keys()))
            if not missing:
                return ready
            owner = self.home.owner()
            if time.monotonic() > deadline or owner is None:
                raise self.home.already_runs(owner, f"without {missing}")
            await asyncio.sleep(POLL_SECONDS)


class RunLock(AbstractAsyncContextManager["RunLock"]):
    """A lock for one run at a time in a home: two runs file the same texts, which would look like duplicates."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock: TextIOWrapper | None = None

    async def __aenter__(self) -> Self:
        with translate_os_errors(self._home.folder):
            self._lock = (self._home.folder / "demo.lock").open("w", encoding="ascii")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
                raise DemoError(
                    f"Another demonstration is filing in {self._home.folder}: try again in a minute."
                ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()


async def start_departments(stack: LocalStack, codes: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Start reference departments with tokens of their own, and return when all of them listen. Raises StackError or DemoError.

    `env`: variables that replace those of the stack.
    """
    variables = {**await department_tokens(codes, stack.home, stack.env), **(env or {})}
    ready = partial(departments_listen, stack.env["KAFKA_URL"], codes)
    await stack.start_program(DEPARTMENTS, _command(codes), variables, ready=ready)


async def departments_listen(kafka_url: str, codes: Sequence[str]) -> None:
    """Return when the consumer group of each department is stable. Raises NotReady otherwise."""
    async with admin_client(kafka_url) as admin:
        # One group for each call: aiokafka parses a response with two groups incorrectly.
        responses = [await admin.describe_consumer_groups([f"department-{code}"]) for code in codes]
    states = [response.to_object()["groups"][0]["state"] for (response,) in responses]
    if states != ["Stable"] * len(codes):
        raise NotReady(f"{states.count('Stable')} of {len(codes)} departments listen")


def _command(codes: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "deploy.demo.department", *(word for code in codes for word in ("--code", code))]
