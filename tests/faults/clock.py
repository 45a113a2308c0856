"""libfaketime, which changes the time of a process: find it, or install it on Debian."""

import os
from pathlib import Path
from shutil import which
from typing import Final

from deploy.local.apt import apt_get

PACKAGE: Final = "libfaketime"
_PLACES: Final = "usr/lib/*/faketime/libfaketime.so.1"


def library() -> Path | None:
    return next(Path("/").glob(_PLACES), None)


def install() -> bool:
    """Install it if this is root on Debian; whether it is available now."""
    if library() is None and os.geteuid() == 0 and which("apt-get"):
        apt_get("install", "--yes", "--no-install-recommends", PACKAGE, waiting=print)
    return library() is not None
