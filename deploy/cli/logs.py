"""`postigo logs`."""

import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.hints import typed
from deploy.local.home import Home

LOOK_EVERY_SECONDS = 0.2


def run(folder: Path, name: str, lines: int, *, follow: bool) -> None:
    """Raises StackError when there is no such log."""
    file = _find(Home(folder), name)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        position = _print_last(file, lines)
        while follow:
            time.sleep(LOOK_EVERY_SECONDS)
            position = _print_from(file, position)


def _find(home: Home, name: str) -> Path:
    file = home.log(name)
    if not file.exists():
        names = ", ".join(sorted(log.stem for log in home.logs.glob("*.log")))
        raise StackError(
            f"There is no log of {name!r} in {home.logs}: choose one of {names}."
            if names
            else f"There are no logs in {home.logs}: start something with '{typed('up', home=home.folder)}' first."
        )
    return file


def _print_last(file: Path, lines: int) -> int:
    with file.open("rb") as log:
        sys.stdout.buffer.writelines(deque(log, maxlen=lines))
        sys.stdout.flush()
        return log.tell()


def _print_from(file: Path, position: int) -> int:
    """A file that is shorter than before was moved aside: it begins again."""
    with suppress(FileNotFoundError), file.open("rb") as log:
        log.seek(position if position <= file.stat().st_size else 0)
        sys.stdout.buffer.write(log.read())
        sys.stdout.flush()
        return log.tell()
    return 0
