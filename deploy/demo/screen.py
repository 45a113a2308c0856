"""The output during a run: progress bars and latest changes on a terminal, plain lines elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.demo.board import LATEST, STAGES, Board
from services.common.catalogue import catalogue

REFRESH_PER_SECOND: Final = 10
LINE_EVERY_SECONDS: Final = 2.0

COLOURS: Final = {
    "received": "default",
    "registered": "cyan",
    "in_analysis": "yellow",
    "awaiting_documents": "yellow",
    "answered": "green",
    "concluded": "green",
    "withdrawn": "magenta",
    "rejected": "red",
}


def say(console: Console, line: str) -> None:
    """Print one line without wrapping it, so that it can be copied."""
    console.print(line, soft_wrap=True)


@asynccontextmanager
async def watching(console: Console, board: Board) -> AsyncIterator[None]:
    """Show the board within the block."""
    live = Live(console=console, get_renderable=lambda: picture(board), auto_refresh=False)
    # Draw in this event loop, not in a thread of rich: the board changes in this loop.
    drawing = asyncio.create_task(_draw(live) if console.is_terminal else _say_lines(console, board))
    if console.is_terminal:
        live.start(refresh=True)
    try:
        yield
    finally:
        drawing.cancel()
        if console.is_terminal:
            live.refresh()
            live.stop()
        else:
            say(console, sentence(board))


async def _draw(live: Live) -> None:
    while True:
        await asyncio.sleep(1 / REFRESH_PER_SECOND)
        live.refresh()


async def _say_lines(console: Console, board: Board) -> None:
    while True:
        await asyncio.sleep(LINE_EVERY_SECONDS)
        say(console, sentence(board))


def sentence(board: Board) -> str:
    """The board as a line of text."""
    reached = board.reached()
    numbers = [f"{board.filed} of {board.total} filed", *(f"{reached[name]} {_words(name)}" for name in STAGES)]
    numbers += [f"{board.withdrawn} withdrawn"] if board.withdrawn else []
    return f"after {board.seconds:4.1f} s: {', '.join(numbers)}, {board.notices} notices sent"


def picture(board: Board) -> RenderableType:
    """Progress bars and the latest changes. The height is constant."""
    return Group(_bars(board), Text(), *_news(board), fit=True)


def _bars(board: Board) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=12)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for name, number in {"filed": board.filed, **board.reached()}.items():
        # Withdrawn requests never reach the later stages, and those that are left open not the last one.
        total = board.total - (board.withdrawn if name in STAGES[1:] else 0)
        total -= board.left_open if name == STAGES[-1] else 0
        table.add_row(_words(name), _bar(number, total), f"{number}/{total}")
    table.add_row("mails", _bar(board.notices, board.due), f"{board.notices}/{board.due}")
    table.expand = True
    return table


def _bar(number: int, total: int) -> ProgressBar:
    return ProgressBar(total=total, completed=min(number, total), complete_style="cyan", finished_style="green")


def _news(board: Board) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for news in board.latest:
        submission = news.submission
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{submission.name}  ", style="dim")
        line.append(f"{news.standing.state_name:<12}", style=COLOURS.get(news.standing.state, ""))
        line.append(f"{submission.department:<5}")
        line.append(catalogue().subjects[submission.subject].pt, style="dim")
        lines.append(line)
    return lines + [Text()] * (LATEST - len(lines))


def _words(state: str) -> str:
    return state.replace("_", " ")
