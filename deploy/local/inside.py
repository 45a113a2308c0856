"""Run a command inside a Debian folder: `python -m deploy.local.inside ROOT [--data DIR] COMMAND…`.

The process becomes the command (same pid), in a mount namespace of its own: what is mounted goes with it. With
`--data` the folder DIR is `/data` there, and the command runs as the user postgres, whose folder it becomes.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.spawn import PR_SET_PDEATHSIG

CLONE_NEWNS = 0x20000
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

_libc = ctypes.CDLL(None, use_errno=True)


def run(root: Path, data: Path | None, command: Sequence[str]) -> None:
    """Does not return."""
    parent = os.getppid()
    _call("unshare", CLONE_NEWNS)
    _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    if data is None:
        _call("mount", b"proc", bytes(root / "proc"), b"proc", 0, None)
        os.chroot(root)
    else:
        owner, group = _user(root)
        os.chown(data, owner, group)
        data.chmod(0o700)
        _call("mount", bytes(data), bytes(root / DATA[1:]), None, MS_BIND, None)
        os.chroot(root)
        os.setgroups([])
        os.setgid(group)
        os.setuid(owner)
        # Changing the user has cleared it.
        _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    os.chdir("/")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    os.execve(command[0], list(command), kept | ENVIRONMENT)  # noqa: S606 - a shell would stand between


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
