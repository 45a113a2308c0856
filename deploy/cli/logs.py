"""`postigo logs`."""

import os
import shutil
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from rich.filesize import decimal

from deploy.local.errors import StackError, translate_os_errors
from deploy.local.hints import typed
from deploy.local.home import Home

POLL_SECONDS = 0.2
TAIL_BYTES = 4096


def run(folder: Path, name: str | None, lines: int, *, follow: bool) -> None:
    """Show one log; without a name, list every log with its size and last line. Raises StackError for an unknown name."""
    home = Home(folder)
    with translate_os_errors(home.folder):
        names = sorted(log.stem for log in home.logs.glob("*.log"))
    none = f"There are no logs in {home.logs}: start something with '{typed('up', home=folder)}' first."
    if name in names:
        _show(home.log(name), lines, follow=follow)
    elif name is None:
        _list(home, names) if names else print(none)
    elif not names:
        raise StackError(none)
    else:
        raise StackError(f"There is no log of {name!r} in {home.logs}: choose one of {', '.join(names)}.")


def _list(home: Home, names: list[str]) -> None:
    sizes = {name: home.log(name).stat().st_size for name in names}
    widest = max(len(name) for name in names)
    # In a pipe there is no terminal width: do not cut lines.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for name, size in sizes.items():
        size_text = f"{decimal(size) if size else 'empty':>10}"
        print(f"{name:<{widest}}  {size_text}  {_last_line(home.log(name))}"[:width].rstrip())
    print(f"\nTo read one: {typed('logs', 'NAME', home=home.folder)}")


def _last_line(file: Path) -> str:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - TAIL_BYTES))
        lines = log.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _show(file: Path, lines: int, *, follow: bool) -> None:
    with suppress(KeyboardInterrupt, BrokenPipeError):
        log: BinaryIO = file.open("rb")
        try:
            _print(b"".join(deque(log, maxlen=lines)))
            while follow:
                time.sleep(POLL_SECONDS)
                _print(log.read())
                log = _reopened(log, file)
        finally:
            log.close()


def _reopened(log: BinaryIO, file: Path) -> BinaryIO:
    """The file that has the name now. A log over its limit was renamed; a truncated log is read from its start."""
    with suppress(FileNotFoundError):
        now = file.stat()
        if now.st_ino != os.fstat(log.fileno()).st_ino:
            # Print what was written between the last read and the rename.
            successor = file.open("rb")
            _print(log.read())
            log.close()
            return successor
        if now.st_size < log.tell():
            log.seek(0)
    return log


def _print(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
