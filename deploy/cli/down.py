"""`postigo down`."""

import os
import select
import signal
import time
from pathlib import Path

from rich.console import Console

from deploy.local.home import Home

# The processes drain (25 s), then the engines stop (15 s).
STOPPED_WITHIN_SECONDS = 60.0


def run(folder: Path) -> None:
    """Send the supervisor SIGTERM, which stops everything in order; SIGKILL when that takes too long."""
    home = Home(folder)
    console = Console(highlight=False)
    supervisor = _open_pidfd(home)
    if supervisor is None:
        console.print(f"Nothing runs in {home.folder}.", soft_wrap=True)
        return
    started = time.monotonic()
    with console.status("Stopping Postigo…"):
        stopped = _stop(supervisor, signal.SIGTERM)
        if not stopped:
            # The guard kills the programs that a killed supervisor leaves.
            _stop(supervisor, signal.SIGKILL)
    how = "stopped" if stopped else "did not stop in order and was killed"
    seconds = time.monotonic() - started
    console.print(f"Postigo {how} after {seconds:.1f} s; the data is kept in {home.data}.", soft_wrap=True)


def _open_pidfd(home: Home) -> int | None:
    """A pidfd of the supervisor: unlike a pid, it never means another process that got the same number later."""
    pid = home.owner()
    if pid is None:
        return None
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    return pidfd if home.owner() == pid else None


def _stop(pidfd: int, number: signal.Signals) -> bool:
    """Send a signal; whether the process ended in time. A pidfd becomes readable when its process ends."""
    signal.pidfd_send_signal(pidfd, number)
    ended, _, _ = select.select([pidfd], [], [], STOPPED_WITHIN_SECONDS)
    return bool(ended)
