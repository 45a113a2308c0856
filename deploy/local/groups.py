"""The process groups of a stack, and the guard that ends them when the supervisor is killed."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.guard import kill_group

GUARD = (sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")))


class Groups:
    """The groups alive now. Each is named after its first process."""

    def __init__(self) -> None:
        self.supervisor = os.getpid()
        self._alive: set[int] = set()
        self._guard: subprocess.Popen[str] | None = None
        self._inherited: tuple[int, ...] = ()

    def open(self, inherited: tuple[int, ...]) -> None:
        """Start the guard; it lives until this process ends or `close`, and keeps the descriptors `inherited`."""
        self._inherited = inherited
        self._guard = subprocess.Popen(
            GUARD, stdin=subprocess.PIPE, text=True, start_new_session=True, pass_fds=inherited
        )
        for group in self._alive:
            self._tell(f"+{group}")

    def begin(self, group: int) -> None:
        self._alive.add(group)
        self._tell(f"+{group}")

    def end(self, group: int) -> None:
        """Kill what is left of a group whose first process is gone."""
        kill_group(group)
        self._alive.discard(group)
        self._tell(f"-{group}")

    def kill_all(self) -> None:
        """SIGKILL to everything, now."""
        for group in self._alive:
            kill_group(group)

    def close(self) -> None:
        """End the guard; it kills whatever is still alive."""
        if self._guard is not None:
            self._guard.communicate()
            self._guard = None

    def _tell(self, line: str) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        try:
            self._guard.stdin.write(f"{line}\n")
            self._guard.stdin.flush()
        except BrokenPipeError:
            # Somebody killed the guard: a new one learns the list.
            self._guard.wait()
            self.open(self._inherited)
