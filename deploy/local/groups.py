"""The process groups of a stack, and the guard process that kills them when the supervisor dies."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.guard import kill_group

GUARD = (sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")))


class Groups:
    """The groups that are alive now. The id of a group is the pid of its first process."""

    def __init__(self) -> None:
        self.supervisor = os.getpid()
        self._alive: set[int] = set()
        self._guard: subprocess.Popen[str] | None = None
        self._inherited: tuple[int, ...] = ()

    def open(self, inherited: tuple[int, ...]) -> None:
        """Start the guard. It lives until `close` or the end of this process, and inherits the descriptors `inherited`."""
        self._inherited = inherited
        self._guard = subprocess.Popen(
            GUARD, stdin=subprocess.PIPE, text=True, start_new_session=True, pass_fds=inherited
        )
        for group in self._alive:
            self._send(f"+{group}")

    def add(self, group: int) -> None:
        self._alive.add(group)
        self._send(f"+{group}")

    def remove(self, group: int) -> None:
        """Kill the remaining processes of a group whose first process has ended."""
        kill_group(group)
        self._alive.discard(group)
        self._send(f"-{group}")

    def kill_all(self) -> None:
        """Send SIGKILL to all groups."""
        for group in self._alive:
            kill_group(group)

    def close(self) -> None:
        """Stop the guard. It kills all groups that are still alive."""
        if self._guard is not None:
            self._guard.communicate()
            self._guard = None

    def _send(self, line: str) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        try:
            self._guard.stdin.write(f"{line}\n")
            self._guard.stdin.flush()
        except BrokenPipeError:
            # The guard was killed: start a new one, which gets the whole list.
            self._guard.wait()
            self.open(self._inherited)
