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
    """Ask the supervisor to stop everything; kill it when it does not."""
    home = Home(folder)
    console = Console(highlight=False)
    supervisor = _handle(home)
    if supervisor is None:
        console.print(f"Nothing runs in {home.folder}.", soft_wrap=True)
        return
    begin = time.monotonic()
    with console.status("Stopping Postigo…"):
        stopped = _end(supervisor, signal.SIGTERM)
        if not stopped:
            # Its guard ends whatever it leaves.
            _end(supervisor, signal.SIGKILL)
    how = "stopped" if stopped else "did not stop in order and was killed"
    seconds = time.monotonic() - begin
    console.print(f"Postigo {how} after {seconds:.1f} s; the data is kept in {home.data}.", soft_wrap=True)


def _handle(home: Home) -> int | None:
    """A descriptor of the supervisor, which can never mean another process that got its pid."""
    pid = home.owner()
    if pid is None:
        return None
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    return handle if home.owner() == pid else None


def _end(process: int, number: signal.Signals) -> bool:
    """Whether it ended within its time. The descriptor becomes readable then."""
    signal.pidfd_send_signal(process, number)
    ended, _, _ = select.select([process], [], [], STOPPED_WITHIN_SECONDS)
    return bool(ended)
