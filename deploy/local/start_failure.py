"""Explain in one sentence why a program did not start, from its log."""

from pathlib import Path

from deploy.local.errors import StackError, disk_full
from deploy.local.home import Home

TAIL_BYTES = 64 * 1024
LINE_LIMIT = 200

DISK_FULL = ("No space left on device", "Disk quota exceeded")
PORT_IN_USE = ("Address already in use", "is already in use", "address already in use")


def died_early(name: str, ending: str, home: Home, since: int) -> StackError:
    """The error for a program that ended before it was ready. `since`: the size of its log before this start."""
    tail = _tail(home.log(name), since)
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    detail = f" ({lines[-1][:LINE_LIMIT]})" if lines else ""
    return _known(name, home, tail) or StackError(f"{name} {ending} before it was ready{detail}: see {home.log(name)}.")


def never_ready(name: str, seconds: float, probe_error: str, home: Home, since: int) -> StackError:
    """The error for a program that runs, but did not become ready. `probe_error`: the last error of its probe."""
    detail = f" ({probe_error[:LINE_LIMIT]})" if probe_error else ""
    return _known(name, home, _tail(home.log(name), since)) or StackError(
        f"{name} was not ready after {seconds:.0f} s{detail}: see {home.log(name)}."
    )


def _known(name: str, home: Home, tail: str) -> StackError | None:
    if any(sign in tail for sign in DISK_FULL):
        return disk_full(home.folder)
    if any(sign in tail for sign in PORT_IN_USE):
        return StackError(f"The port of {name} is in use by another program: try again.")
    return None


def _tail(log: Path, since: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
