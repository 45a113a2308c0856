"""Kills the programs of a dead supervisor: `python -I -S guard.py` (standard library only).

The supervisor writes `+PGID` and `-PGID` lines to the guard's standard input. When the input ends, the supervisor has
ended, in whatever way. Then every listed group gets SIGKILL. The guard waits until they have ended, and holds the lock
of the folder until then. (The parent-death signal reaches only a program itself; the signal to its group also reaches
the processes that the program started.)
"""

import os
import signal
import sys
import time

ENDED_WITHIN_SECONDS = 3.0
POLL_SECONDS = 0.01

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        kill_group(group)
    _wait_for_end(groups)


def kill_group(group: int) -> None:
    """Send SIGKILL to every process of `group`. An empty group is no error."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_running(pid: int) -> bool:
    """Whether `pid` exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - pathlib would slow the start
            status = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _wait_for_end(groups: set[int]) -> None:
    until = time.monotonic() + ENDED_WITHIN_SECONDS
    while any(is_running(group) for group in groups) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
