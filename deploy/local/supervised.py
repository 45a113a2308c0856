"""Supervise one program: start it, probe it, restart it when it dies, and stop it in order."""

import asyncio
import signal
import time
from contextlib import suppress

from deploy.local import start_failure
from deploy.local.errors import StackError
from deploy.local.groups import Groups
from deploy.local.guard import kill_group
from deploy.local.home import Home
from deploy.local.program import Observer, Program, State, Step
from deploy.local.spawn import SPAWN

BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
# After this uptime the backoff starts again with the shortest delay.
SETTLED_SECONDS = 30.0

PROBE_EVERY_SECONDS = 0.1
PROBE_WITHIN_SECONDS = 5.0


class Supervised:
    """A program, and the task that restarts it."""

    def __init__(self, program: Program, home: Home, groups: Groups, observe: Observer) -> None:
        self.program = program
        self.state = State.STOPPED
        self.restarts = 0
        self.started_at = 0.0
        self._home = home
        self._groups = groups
        self._observe = observe
        self._process: asyncio.subprocess.Process | None = None
        self._gone = asyncio.Event()
        self._ready = asyncio.Event()
        self._was_ready = False
        self._last_probe_error = ""
        self._log_start = 0
        self._task: asyncio.Task[None] | None = None
        self._stay_down = False

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises StackError when it ends before that, or takes too long."""
        if self._task is not None:
            return
        self._was_ready = self._stay_down = False
        self._task = asyncio.create_task(self._keep_running(), name=f"supervise {self.program.name}")
        await self.wait_ready(self.program.ready_within)

    async def wait_ready(self, within: float) -> None:
        """Wait at most `within` seconds until it is ready, now or after its next start. Raises StackError."""
        task = self._task
        if task is None:
            raise StackError(f"{self.program.name} is stopped.")
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, task}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if task.cancelled():
            raise StackError(f"{self.program.name} was stopped while it started.")
        if task.done():
            task.result()
        if not self._ready.is_set():
            self._report(State.FAILED, "not ready in time")
            raise start_failure.never_ready(
                self.program.name, within, self._last_probe_error, self._home, self._log_start
            )

    async def kill(self) -> None:
        """Send SIGKILL and wait until it is dead. It is restarted afterwards."""
        if self._process is not None:
            gone = self._gone
            with suppress(ProcessLookupError):
                self._process.kill()
            await gone.wait()

    def stay_down(self) -> None:
        """Do not restart it until the next `start`, and kill a process that is starting now."""
        self._stay_down = True

    async def stop(self) -> None:
        """Send the stop signal, and SIGKILL after `stop_within` seconds. It stays down until the next `start`."""
        if self._task is None:
            return
        task, self._task = self._task, None
        if task.done():
            return
        self._report(State.STOPPING)
        task.cancel()
        with suppress(asyncio.CancelledError, StackError):
            await task
        self._report(State.STOPPED)

    async def _keep_running(self) -> None:
        attempt = 0
        while not self._stay_down:
            ending = await self._run_once()
            if self._stay_down:
                break
            if not self._was_ready:
                self._report(State.FAILED, ending)
                raise start_failure.died_early(self.program.name, ending, self._home, self._log_start)
            attempt = 0 if self._seconds_up() > SETTLED_SECONDS else attempt
            wait = BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)]
            attempt += 1
            self.restarts += 1
            self._report(State.RESTARTING, f"{ending} and restarts in {wait} s (restart {self.restarts})")
            await asyncio.sleep(wait)
        self._report(State.STOPPED)

    async def _run_once(self) -> str:
        """Start it, probe it, and wait until it ends. Returns how it ended, in words."""
        self.started_at = time.time()
        try:
            process = await self._spawn()
        except OSError as error:
            return f"could not be started ({error.strerror})"
        self._report(State.STARTING)
        probing = asyncio.create_task(self._until_ready())
        try:
            return _ending(await process.wait())
        except asyncio.CancelledError:
            await self._terminate(process)
            raise
        finally:
            probing.cancel()
            self._ready.clear()
            self._process = None
            self._groups.remove(process.pid)
            self._gone.set()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self._home.rotated_log(self.program.name).open("ab") as log:
            self._log_start = log.tell()
            self._process = process = await asyncio.create_subprocess_exec(
                *SPAWN,
                str(self._groups.supervisor),
                *self.program.command,
                env=dict(self.program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._gone = asyncio.Event()
        self._groups.add(process.pid)
        if self._stay_down:
            kill_group(process.pid)
        return process

    async def _until_ready(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self.program.ready(), PROBE_WITHIN_SECONDS)
            except Exception as error:  # each client raises exceptions of its own
                self._last_probe_error = str(error)
                await asyncio.sleep(PROBE_EVERY_SECONDS)
            else:
                self._was_ready = True
                self._ready.set()
                self._report(State.READY, self.program.url)
                return

    async def _terminate(self, process: asyncio.subprocess.Process) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self.program.stop_within)
        except TimeoutError:
            kill_group(process.pid)
            await process.wait()

    def _report(self, state: State, detail: str = "") -> None:
        self.state = state
        self._observe(Step(self.program.name, state, self._seconds_up(), detail))

    def _seconds_up(self) -> float:
        return time.time() - self.started_at


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
