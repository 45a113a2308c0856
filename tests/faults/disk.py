"""A small in-memory disk for the engines' data, which a schedule can fill. Needs root."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SIZE: Final = "1536m"
BALLAST: Final = "ballast"
MEBIBYTE: Final = 1024 * 1024


class Disk:
    """`small`: whether the small disk is mounted. Without it, filling would fill the machine's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.small = False

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Mount the disk within the block, if this is root."""
        if os.geteuid() != 0:
            yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "postigo-faults", self._folder], check=True)
        self.small = True
        try:
            yield
        finally:
            self.small = False
            subprocess.run(["umount", "--lazy", self._folder], check=True)

    def fill(self) -> None:
        """Fill the disk, while others write to it too."""
        assert self.small
        space = os.statvfs(self._folder)
        with (self._folder / BALLAST).open("wb") as ballast:
            size = 0
            for step in (max(MEBIBYTE, space.f_bavail * space.f_frsize - 8 * MEBIBYTE), MEBIBYTE, space.f_frsize):
                size = _grow(ballast.fileno(), size, step)

    def free(self) -> None:
        (self._folder / BALLAST).unlink(missing_ok=True)


def _grow(file: int, size: int, step: int) -> int:
    """Grow the file in steps until there is no space for another one; returns its size."""
    try:
        while True:
            os.posix_fallocate(file, size, step)
            size += step
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    return size
