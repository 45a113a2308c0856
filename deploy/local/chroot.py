"""Run a command in a chroot with a Debian system: `python -m deploy.local.chroot ROOT [--data DIR] COMMAND…`.

The command gets its own mount namespace, so its mounts disappear when it ends. Without `--data`, this process becomes
the command (exec).

With `--data`, the folder DIR is mounted at `/data`, and the command runs as the user postgres, who owns the folder. The
command is the first process of a new PID namespace, so the kernel kills all its children when it ends. (PostgreSQL's
children have their own sessions, so no signal to a process group reaches them; pg_cron's launcher can outlive a killed
server and use a full CPU.) This process stays as parent: it forwards signals and exits like the command.
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

# The signals that stop PostgreSQL or make it reload its settings.
FORWARDED = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}

AWAITED = {*FORWARDED, signal.SIGCHLD}

_libc = ctypes.CDLL(None, use_errno=True)


def run(root: Path, data: Path | None, command: Sequence[str]) -> None:
    """Run `command` in the chroot `root`. Does not return."""
    _call("unshare", CLONE_NEWNS)
    _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    if data is None:
        _call("mount", b"proc", bytes(root / "proc"), b"proc", 0, None)
        os.chroot(root)
        _exec(command)
    owner, group = _user(root)
    os.chown(data, owner, group)
    data.chmod(0o700)
    _call("mount", bytes(data), bytes(root / DATA[1:]), None, MS_BIND, None)
    os.chroot(root)
    _run_as_init(owner, group, command)


def _run_as_init(owner: int, group: int, command: Sequence[str]) -> NoReturn:
    _call("unshare", CLONE_NEWPID | CLONE_NEWIPC)
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    reader, writer = os.pipe()
    first = os.fork()
    if first:
        _forward_signals(first)
    os.close(reader)
    os.setgroups([])
    os.setgid(group)
    os.setuid(owner)
    # Set it again: a fork and a change of user both clear it.
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.write(writer, b".")
    except BrokenPipeError:
        # The parent died before the line above.
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    _exec(command)


def _exec(command: Sequence[str]) -> NoReturn:
    os.chdir("/")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    os.execve(command[0], list(command), kept | ENVIRONMENT)  # noqa: S606 - a shell would add a process


def _forward_signals(first: int) -> NoReturn:
    """Forward signals to the process `first` until it ends, then exit with its code."""
    ended = 0
    while not ended:
        number = signal.sigwait(AWAITED)
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(first, os.WNOHANG)
        else:
            os.kill(first, number)
    # The exit code of a shell for a killed command: 128 plus the signal.
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _user(root: Path) -> tuple[int, int]:
    """The ids of the user postgres within the chroot; the machine may have other ids for it, or no such user."""
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
    parser = argparse.ArgumentParser(description="Run a command in a chroot.")
    parser.add_argument("--data", type=Path, help="folder to mount at /data, for the user postgres")
    parser.add_argument("root", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    run(arguments.root, arguments.data, arguments.command)


if __name__ == "__main__":
    main()
