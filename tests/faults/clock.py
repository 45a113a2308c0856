"""The library that gives a process another time: Debian's `libfaketime`, where it is there or may be installed."""

import os
import subprocess
from pathlib import Path
from shutil import which
from typing import Final

PACKAGE: Final = "libfaketime"
_PLACES: Final = "usr/lib/*/faketime/libfaketime.so.1"


def library() -> Path | None:
    return next(Path("/").glob(_PLACES), None)


def bring() -> bool:
    """Install it, as root on a Debian; whether it is there now."""
    if library() is None and os.geteuid() == 0 and which("apt-get"):
        subprocess.run(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", PACKAGE], check=False)
    return library() is not None
