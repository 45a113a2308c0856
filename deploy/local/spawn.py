"""Run a command that dies with its parent: `python -I -S spawn.py PARENT_PID COMMAND…` (standard library only).

A wrapper and not a `preexec_fn`: code between fork and exec of a process with threads can deadlock.
The kernel watches the parent's *thread*: start programs from a thread that lives as long as the stack.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

SPAWN = (sys.executable, "-I", "-S", __file__)
"""What stands before PARENT_PID and the command. Isolated and without `site`, it starts in 20 ms."""


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # A parent that died before the line above sends nothing any more.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    os.execv(command[0], command)  # noqa: S606 - a shell would stand between


if __name__ == "__main__":
    main()
