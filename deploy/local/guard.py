"""Ends what a killed supervisor left: `python -I -S guard.py` (standard library only).

Standard input carries `+PGID` and `-PGID`, a line each. When it ends, the supervisor is gone, however it went, and
every group still listed gets SIGKILL; the guard stays until they have ended, and with it the lock of the folder. (The parent-death signal reaches a program; only its group reaches what that
program started.)
"""

import os
import signal
import sys
import time

ENDED_WITHIN_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.01

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
    """SIGKILL to every process of `group`; nobody left is fine."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_running(pid: int) -> bool:
    """Whether `pid` is more than a dead process that waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - it starts without pathlib
            status = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _wait_for_end(groups: set[int]) -> None:
    until = time.monotonic() + ENDED_WITHIN_SECONDS
    while any(is_running(group) for group in groups) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
