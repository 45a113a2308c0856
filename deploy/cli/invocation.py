"""Shared by the operator's commands: the common options, and how results are printed."""

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

from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.identity import IdentityRefused
from deploy.operator.operation_log import write_security_line
from deploy.operator.session import OperatorSession, open_session
from deploy.operator.target import resolve_target

T = TypeVar("T")

WIDTH: Final = 80
"""The width in a pipe: that of the narrowest terminal."""


@dataclass(frozen=True)
class Invocation:
    """The options that all operator commands have. `do`: False is a dry run."""

    home: Path
    reason: str | None = None
    do: bool = False
    as_json: bool = False

    @property
    def dry_run(self) -> str:
        """The last line of a dry run."""
        return f"Nothing was done: this was a dry run. Add --yes{'' if self.reason else ' --reason WHY'} to do it."

    def require_reason(self, what: str) -> None:
        """An operation needs a reason for the audit topic, a dry run none. Raises OperatorError, which begins with `what`."""
        if self.do and not self.reason:
            raise OperatorError(f"{what}: say with --reason why.")

    async def actor(self, session: OperatorSession) -> Actor:
        """Who runs the command, and why. Raises IdentityRefused."""
        try:
            identity = await session.identity()
        except IdentityRefused:
            write_security_line(session.target.log, "identity-refused")
            raise
        return Actor(identity.user, identity.identity, self.reason)

    def with_session(self, work: Callable[[OperatorSession], Awaitable[T]]) -> T:
        """Connect, run `work` and return its result. Raises OperatorError."""

        async def run() -> T:
            async with open_session(resolve_target(self.home)) as session:
                return await work(session)

        try:
            return asyncio.run(run())
        except KeyboardInterrupt:
            raise OperatorError(
                "Stopped. The finished part stays done, and the same command continues from there."
            ) from None


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
