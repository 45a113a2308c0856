"""How the commands print: tables, JSON, numbers, times, progress. It loads quickly: commands such as `status` need nothing else."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

WIDTH: Final = 80
"""The width in a pipe: that of the narrowest terminal."""


def console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def print_json(report: Any) -> None:
    print(json.dumps(report, indent=1, ensure_ascii=False, default=str))


def table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table whose last column gets the rest of the width."""
    rendered = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        last = heading == headings[-1]
        rendered.add_column(heading, justify="right" if heading in right else "left", no_wrap=not last, overflow="fold")
    return rendered


def printable(text: str) -> str:
    """Untrusted text without control characters."""
    return "".join(each if each.isprintable() else "·" for each in text)


def escape(text: str) -> str:
    """Untrusted text without control characters, and with rich's markup escaped."""
    return printable(text).replace("[", r"\[")


def count(number: int, one: str, many: str = "") -> str:
    """`3 records`, with a space between thousands."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """The time since `moment` in one unit: `3 h`."""
    seconds = int(((now or datetime.now(UTC)) - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} s"


@contextmanager
def progress_bar(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere. Call the function with each number of finished items."""
    output = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=output, transient=True, disable=not output.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda number: progress.advance(task, number)
