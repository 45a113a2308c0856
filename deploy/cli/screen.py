"""The output while the stack starts and runs: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploy.local.program import State, Step

REFRESH_PER_SECOND = 8

MARKS = {State.READY: ("✓", "green"), State.FAILED: ("✗", "red"), State.STOPPED: ("·", "dim")}


class Screen(Protocol):
    """Open while the stack starts. `show` may be called before, during and after that."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, step: Step) -> None: ...


def open_screen(console: Console, names: Sequence[str]) -> Screen:
    """A live table for a terminal, otherwise plain lines. `names`: the steps of a start, in order."""
    return Rows(console, names) if console.is_terminal else Lines(console)


class Lines:
    """One line for each step that starts, is ready, stops or fails."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        return

    def show(self, step: Step) -> None:
        if step.state is State.STOPPING:
            return
        line = sentence(step)
        if step.state in {State.STARTING, State.WAITING}:
            # One line for each start, and for each reason to wait: the progress within a step is for terminals only.
            key = step.name if step.state is State.STARTING else line
            if key in self._shown:
                return
            self._shown.add(key)
        else:
            self._shown.discard(step.name)
        self._console.print(line, soft_wrap=True, markup=False)


class Rows:
    """All steps of the start as rows of one table. Later steps are lines below it."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._lines = Lines(console)
        self._steps: dict[str, Step | None] = dict.fromkeys(names)
        self._started: dict[str, float] = {}
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=REFRESH_PER_SECOND)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._live.stop()

    def show(self, step: Step) -> None:
        if not self._live.is_started:
            self._lines.show(step)
            return
        if step.state is State.STARTING:
            self._started.setdefault(step.name, time.monotonic())
        if step.state is State.RESTARTING:
            self._live.console.print(sentence(step), soft_wrap=True, markup=False)
        if step.name == "download" and step.name not in self._steps:
            self._steps = {step.name: step, **self._steps}
        self._steps[step.name] = step

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", style="dim")
        for name, step in self._steps.items():
            table.add_row(*self._row(name, step))
        return table

    def _row(self, name: str, step: Step | None) -> tuple[RenderableType, ...]:
        if step is None:
            return "", Text(name, style="dim"), "", ""
        if step.state in MARKS:
            mark, colour = MARKS[step.state]
            return Text(mark, style=colour), name, f"{step.seconds:.1f} s", step.detail
        seconds = time.monotonic() - self._started.get(name, time.monotonic())
        return self._spinner, name, f"{seconds:.1f} s", step.detail or str(step.state)


def sentence(step: Step) -> str:
    """A step as a line of text."""
    detail = f" ({step.detail})" if step.detail else ""
    match step.state:
        case State.READY:
            return f"{step.name} ready after {step.seconds:.1f} s{detail}"
        case State.RESTARTING | State.WAITING:
            return f"{step.name} {step.detail}"
        case State.STOPPED:
            return f"{step.name} stopped"
        case State.FAILED:
            return f"{step.name} failed after {step.seconds:.1f} s{detail}"
        case _:
            return f"{step.name} {step.state}{detail}"
