"""Run a command inside a Debian folder: `python -m deploy.local.inside ROOT [--data DIR] COMMAND…`.

The command gets a mount namespace of its own: what is mounted goes with it. Without `--data` the process becomes it.

With `--data` the folder DIR is `/data` there, the command runs as the user postgres, whose folder it becomes, and it is
the first process of a namespace of its own: with it ends whatever it started. (PostgreSQL's children have sessions of
their own, so no signal to a group reaches them, and pg_cron's launcher can outlive a killed server, at full speed.) The
process stays, passes signals on and ends as the command does.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from deploy.local.spawn import PR_SET_PDEATHSIG

CLONE_NEWNS = 0x20000
CLONE_NEWIPC = 0x8000000
CLONE_NEWPID = 0x20000000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

DATA = "/data"
USER = "postgres"

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "DEBIAN_FRONTEND": "noninteractive",
}

# How PostgreSQL is told to end, one way or another, or to read its settings.
PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}

AWAITED = {*PASSED_ON, signal.SIGCHLD}

_libc = ctypes.CDLL(None, use_errno=True)


def run(root: Path, data: Path | None, command: Sequence[str]) -> None:
    """Does not return."""
    _call("unshare", CLONE_NEWNS)
    _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    if data is None:
        _call("mount", b"proc", bytes(root / "proc"), b"proc", 0, None)
        os.chroot(root)
        _become(command)
    owner, group = _user(root)
    os.chown(data, owner, group)
    data.chmod(0o700)
    _call("mount", bytes(data), bytes(root / DATA[1:]), None, MS_BIND, None)
    os.chroot(root)
    _become_first_of_all(owner, group, command)


def _become_first_of_all(owner: int, group: int, command: Sequence[str]) -> NoReturn:
    _call("unshare", CLONE_NEWPID | CLONE_NEWIPC)
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    reader, writer = os.pipe()
    first = os.fork()
    if first:
        _stand_before(first)
    os.close(reader)
    os.setgroups([])
    os.setgid(group)
    os.setuid(owner)
    # Neither a fork nor another user keeps it.
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.write(writer, b".")
    except BrokenPipeError:
        # The parent died before it could be watched.
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    _become(command)


def _become(command: Sequence[str]) -> NoReturn:
    os.chdir("/")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    os.execve(command[0], list(command), kept | ENVIRONMENT)  # noqa: S606 - a shell would stand between


def _stand_before(first: int) -> NoReturn:
    """Pass signals on to the process `first` until it ends, and end the same way."""
    ended = 0
    while not ended:
        number = signal.sigwait(AWAITED)
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(first, os.WNOHANG)
        else:
            os.kill(first, number)
    # As a shell says it: 128 and the signal.
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _user(root: Path) -> tuple[int, int]:
    """The ids that the folder's own Debian gave to the user: the machine may know it by others, or not at all."""
    for line in (root / "etc" / "passwd").read_text(encoding="utf-8").splitlines():
        name, _, owner, group, *_ = line.split(":")
        if name == USER:
            return int(owner), int(group)
    sys.exit(f"{root} has no user {USER}.")


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        sys.exit(f"{name}: {os.strerror(number)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a command inside a Debian folder.")
    parser.add_argument("--data", type=Path, help="folder that becomes /data there, for the user postgres")
    parser.add_argument("root", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    run(arguments.root, arguments.data, arguments.command)


if __name__ == "__main__":
    main()
