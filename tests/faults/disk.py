"""A small disk of its own for the engines' data, in memory, so that it can be filled: only root may have one."""

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
    """`small` while the engines have a disk of their own; otherwise filling it would fill the machine's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.small = False

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """The disk is there within the block, if we are root."""
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
        """Take all the room that is left, while others take some too."""
        assert self.small
        room = os.statvfs(self._folder)
        with (self._folder / BALLAST).open("wb") as ballast:
            taken = 0
            for step in (max(MEBIBYTE, room.f_bavail * room.f_frsize - 8 * MEBIBYTE), MEBIBYTE, room.f_frsize):
                taken = _grown(ballast.fileno(), taken, step)

    def free(self) -> None:
        (self._folder / BALLAST).unlink(missing_ok=True)


def _grown(file: int, size: int, step: int) -> int:
    """The size of the file, once there is no room for another `step` bytes."""
    try:
        while True:
            os.posix_fallocate(file, size, step)
            size += step
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    return size
