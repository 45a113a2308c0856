"""apt-get on this machine. It waits while another apt or dpkg runs, such as the system's automatic updates."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from typing import Final

from deploy.local.errors import StackError

TIMEOUT: Final = 900.0
"""Seconds to wait for another apt. Automatic updates of a whole system take minutes."""

RETRY_SECONDS: Final = 1.0

_LOCKED: Final = re.compile(
    r"^E: Could not get lock (?P<file>\S+?)[.,]?(?: It is held by (?P<holder>.+))?$", re.MULTILINE
)
"""apt's message for a lock of another program. `DPkg::Lock::Timeout` would wait for dpkg's locks only, not for apt's own.

A lock file that this user may not open has another message.
"""

# The message above is recognised in English.
_VARIABLES: Final = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def apt_get(*arguments: str, waiting: Callable[[str], None], timeout: float = TIMEOUT) -> str:
    """Run apt-get as soon as no other apt holds its locks. Returns its last error; empty if it succeeded.

    While it waits, it calls `waiting` with a line that names the other program. Raises StackError after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        done = subprocess.run(
            ["apt-get", *arguments],
            check=False,
            env=os.environ | _VARIABLES,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        locked = _LOCKED.search(done.stderr)
        if done.returncode == 0 or locked is None:
            return _last_error(done) if done.returncode else ""
        holder = locked["holder"] or locked["file"]
        if time.monotonic() >= deadline:
            raise StackError(
                f"Another apt has been running for {timeout / 60:.0f} minutes ({holder}): let it finish, and try again."
            )
        waiting(f"waits for another apt: {holder}")
        time.sleep(RETRY_SECONDS)


def _last_error(done: "subprocess.CompletedProcess[str]") -> str:
    lines = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
    return lines[-1].removeprefix("E: ") if lines else f"exit code {done.returncode}"
