"""The folder of one stack (`.postigo/`): its lock, ports, secrets, state, logs and data."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from socket import socket
from typing import Any

from deploy.local import ports
from deploy.local.errors import StackError, disk_full, translate_os_errors
from deploy.local.guard import is_running
from deploy.local.hints import option, typed
from deploy.local.program import State

SECRET_NAMES = ("POSTIGO_ID_SECRET", "POSTIGO_INTERNAL_SECRET", "POSTIGO_CURSOR_SECRET")
SECRET_BYTES = 32
LOG_LIMIT_BYTES = 10 * 1024 * 1024
LOGS_KEPT = 3
LOCK_RETRY_SECONDS = 0.05
LOCK_WAIT_SECONDS = 5.0

# With less space an engine would fail during its start.
FREE_SPACE_BYTES = 64 * 1024 * 1024


class Home:
    """Paths and small files of a stack. The constructor creates nothing; `open` creates the folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self.mails = self.folder / "mails"
        self._lock: TextIOWrapper | None = None
        self._reserved: list[socket] = []

    def open(self) -> None:
        """Create the folders and take the lock.

        Raises StackError when a stack already runs here, or when the folder is not writable.
        """
        with translate_os_errors(self.folder):
            for folder in (self.data, self.logs, self.mails):
                self.make(folder)
            self._require_space()
            self._take_lock()

    def make(self, folder: Path) -> None:
        """Create a folder within the home. Raises StackError when that is not possible."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:
            raise StackError(
                f"{self.folder} cannot be created: choose another folder with {option('--home', 'DIR')}."
            ) from None

    def close(self) -> None:
        """Release the ports and the lock."""
        for each in self._reserved:
            each.close()
        self._reserved.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def locks(self) -> tuple[int, ...]:
        """The lock's file descriptor if this object holds the lock. A process that inherits it holds the lock too."""
        return () if self._lock is None else (self._lock.fileno(),)

    def owner(self) -> int | None:
        """The pid of the supervisor that runs here now, or None. Raises StackError when the lock cannot be read."""
        with translate_os_errors(self.folder):
            try:
                with (self.folder / "lock").open(encoding="ascii") as lock:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except (FileNotFoundError, NotADirectoryError):
                return None
            except BlockingIOError:
                return int((self.folder / "lock").read_text(encoding="ascii") or 0) or None
            return None

    def already_runs(self, owner: int | None, difference: str = "") -> StackError:
        """The error for a second start. `difference`: how the running stack differs from the requested one."""
        return StackError(
            f"Postigo already runs in {self.folder} (pid {owner or 'unknown'}){difference and f', but {difference}'}: "
            f"stop it with '{typed('down', home=self.folder)}', or choose another folder with {option('--home', 'DIR')}."
        )

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def rotated_log(self, name: str) -> Path:
        """The log file to append to. A file over the limit is renamed first (`NAME.log.1`, …)."""
        file = self.log(name)
        if file.exists() and file.stat().st_size > LOG_LIMIT_BYTES:
            for number in range(LOGS_KEPT - 1, 0, -1):
                older = self.logs / f"{name}.log.{number}"
                if older.exists():
                    older.rename(self.logs / f"{name}.log.{number + 1}")
            file.rename(self.logs / f"{name}.log.1")
        return file

    def ports(self, names: list[str], fixed: Mapping[str, int]) -> dict[str, int]:
        """Ports for `names`, reserved until `close`: the same ones as before where possible.

        Raises StackError when a `fixed` one is in use.
        """
        for name, port in fixed.items():
            if not ports.is_free(port):
                raise StackError(
                    f"Port {port} is in use by another program: stop that program, or choose another port "
                    f"with {option(f'--{name}-port', 'PORT')}."
                )
        kept = self._read("ports.json")
        reserved = ports.reserve([name for name in names if name not in fixed], kept)
        self._reserved.extend(reserved.values())
        chosen = {**{name: ports.number(each) for name, each in reserved.items()}, **fixed}
        self._write("ports.json", {**kept, **chosen})
        return chosen

    def kept_ports(self) -> dict[str, int]:
        """The ports of the last start: the running programs listen on them."""
        return self._read("ports.json")

    def secrets(self) -> dict[str, str]:
        """The secrets of this home as environment variables (hex), generated once and never changed."""
        kept = self._read("secrets.json")
        missing = {name: secrets.token_hex(SECRET_BYTES) for name in SECRET_NAMES if name not in kept}
        if missing:
            self._write("secrets.json", {**kept, **missing}, mode=0o600)
        return {name: {**kept, **missing}[name] for name in SECRET_NAMES}

    def state(self) -> dict[str, Any]:
        """The supervisor's last report (empty before the first start)."""
        return self._read("state.json")

    def ready_programs(self) -> dict[str, str]:
        """Name and URL of the programs that are ready now. Empty while the report is from an earlier supervisor."""
        state = self.state()
        if state.get("supervisor") != self.owner():
            return {}
        return {each["name"]: each["url"] for each in state["programs"] if each["state"] == State.READY}

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Write the report for other commands. No fsync: after a crash nothing depends on it."""
        self._write("state.json", state, durable=False)

    def _take_lock(self) -> None:
        lock = (self.folder / "lock").open("a+", encoding="ascii")
        until = time.monotonic() + LOCK_WAIT_SECONDS
        while not _locked(lock):
            owner = self.owner()
            # The guard of a killed supervisor holds the lock until all programs have ended.
            if time.monotonic() > until or (owner is not None and is_running(owner)):
                lock.close()
                raise self.already_runs(owner)
            time.sleep(LOCK_RETRY_SECONDS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _require_space(self) -> None:
        space = os.statvfs(self.folder)
        if space.f_bavail * space.f_frsize < FREE_SPACE_BYTES:
            raise disk_full(self.folder)

    def _read(self, name: str) -> dict[str, Any]:
        file = self.folder / name
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StackError(f"{file} is damaged: remove it (or put back a copy) and try again.") from error
        if not isinstance(content, dict):
            raise StackError(f"{file} is damaged: remove it (or put back a copy) and try again.")
        return content

    def _write(self, name: str, content: Mapping[str, Any], *, mode: int = 0o644, durable: bool = True) -> None:
        """Replace the file atomically: a reader sees the old content or the new one, also after a crash."""
        partial = self.folder / f".{name}.{os.getpid()}"
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            partial.rename(self.folder / name)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def _locked(lock: TextIOWrapper) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
