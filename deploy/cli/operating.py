"""What the commands of an operator have in common: who asks, where, and how an answer is shown."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.operator.audit import Who, this_user
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession, hand_at
from deploy.operator.target import place_in

T = TypeVar("T")

WIDTH: Final = 80
"""Of what is piped: as wide as the narrowest screen."""

DO_IT: Final = "Nothing was done: this only says what would be. Add --yes to do it."


@dataclass(frozen=True)
class Invocation:
    """What every command is told: where, whether to do it, as whom and why, and for whom to say it."""

    home: Path
    name: str | None = None
    reason: str | None = None
    do: bool = False
    as_json: bool = False

    @property
    def who(self) -> Who:
        return Who(this_user(), self.name, self.reason)

    def with_hand(self, work: Callable[[OperatorSession], Awaitable[T]]) -> T:
        """What `work` gives, with everything connected. Raises OperatorError."""

        async def run() -> T:
            async with hand_at(place_in(self.home)) as session:
                return await work(session)

        try:
            return asyncio.run(run())
        except KeyboardInterrupt:
            raise OperatorError(
                "It was stopped: what was done is done, and the same command goes on from there."
            ) from None


def console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def say_json(report: Any) -> None:
    print(json.dumps(report, indent=1, ensure_ascii=False, default=str))


def table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table whose last column takes what is left of the line."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        last = heading == headings[-1]
        made.add_column(heading, justify="right" if heading in right else "left", no_wrap=not last, overflow="fold")
    return made


def plain(text: str) -> str:
    """Text of somebody else's, so that it moves no cursor and marks nothing up."""
    return "".join(each if each.isprintable() else "·" for each in text).replace("[", r"\[")


def count(number: int, one: str, many: str = "") -> str:
    """`3 records`; thousands apart."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in one unit."""
    seconds = int(((now or datetime.now(UTC)) - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} s"


@contextmanager
def counting(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, and nothing elsewhere; the function counts on."""
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda number: progress.advance(task, number)
