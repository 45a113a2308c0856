"""Why a program did not come up, read from its log: one sentence."""

from pathlib import Path

from deploy.local.errors import StackError, disk_full
from deploy.local.home import Home

TAIL_BYTES = 64 * 1024
LINE_LIMIT = 200

DISK_FULL = ("No space left on device", "Disk quota exceeded")
PORT_TAKEN = ("Address already in use", "is already in use", "address already in use")


def died_early(name: str, ending: str, home: Home, since: int) -> StackError:
    """`name` ended before it was ready; its log tells about this start from byte `since` on."""
    tail = _tail(home.log(name), since)
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    said = f" ({lines[-1][:LINE_LIMIT]})" if lines else ""
    return _known(name, home, tail) or StackError(f"{name} {ending} before it was ready{said}: see {home.log(name)}.")


def never_ready(name: str, seconds: float, answer: str, home: Home, since: int) -> StackError:
    """`name` runs, but did not become ready."""
    said = f" ({answer[:LINE_LIMIT]})" if answer else ""
    return _known(name, home, _tail(home.log(name), since)) or StackError(
        f"{name} was not ready after {seconds:.0f} s{said}: see {home.log(name)}."
    )


def _known(name: str, home: Home, tail: str) -> StackError | None:
    if any(sign in tail for sign in DISK_FULL):
        return disk_full(home.folder)
    if any(sign in tail for sign in PORT_TAKEN):
        return StackError(f"The port of {name} was taken by another program: try again.")
    return None


def _tail(log: Path, since: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
