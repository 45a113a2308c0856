"""`postigo demo`: the stack, the demonstration on it, and then what a person may try."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from deploy.cli.screen import Screen, open_screen
from deploy.cli.stopping import HURRY, KILLED, STOPPED, stop_signal, unless
from deploy.demo import report, run as story
from deploy.demo.cases import Run
from deploy.demo.errors import DemoError
from deploy.demo.screen import say
from deploy.demo.stage import Stage, stage_in
from deploy.demo.tryout import show_hints
from deploy.local.errors import StackError
from deploy.local.hints import option, typed
from deploy.local.program import Step

CUT_SHORT: Final = "The demonstration was stopped before its end."


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    home: Path
    gateway_port: int | None
    once: bool


def run(wish: Wish) -> None:
    """Exit code 1 when a check fails. Raises StackError when there is nothing to check."""
    # Piped, a row may be as wide as it gets.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else report.WIDEST)
    try:
        passed = asyncio.run(_play(wish, console))
    except DemoError as error:
        more = f" '{typed('logs', error.log, home=wish.home)}' tells more." if error.log else ""
        raise StackError(f"{error}{more}") from error
    if not passed:
        sys.exit(1)


async def _play(wish: Wish, console: Console) -> bool:
    """Whether every check passed. What was started is stopped when this returns."""
    stays = sys.stdout.isatty() and not wish.once
    if not stays and not wish.once:
        say(console, f"This is no terminal: it ends when it is done, as with {option('--once')}.")
    news = News()
    stage = stage_in(wish.home, wish.gateway_port, news.show)
    news.screen = open_screen(console, [*stage.steps, *story.STEPS])
    stopped = stop_signal(stage.kill_all)
    if not stage.own:
        say(console, "Postigo runs already: the demonstration joins it, and leaves it running.")
    planned = story.new_run()
    stopping = console.status(f"Stopping… {HURRY}")
    async with AsyncExitStack() as at_the_end:
        at_the_end.callback(stopping.stop)
        outcome = await _up_and_judged(stage, planned, news, console, stopped, at_the_end)
        shown = story.show(console, outcome)
        if stays and outcome.passed and shown is not None:
            _say_summary(console, outcome)
            show_hints(console, planned.accounts[shown.account], stage)
            await stopped.wait()
        if console.is_terminal:
            stopping.start()
    if not (stays and outcome.passed):
        _say_summary(console, outcome)
    if not stage.own:
        say(console, f"Postigo goes on running: '{typed('down', home=wish.home)}' stops it.")
    elif stays:
        say(console, KILLED if stage.was_killed else STOPPED)
    return outcome.passed


async def _up_and_judged(
    stage: Stage, planned: Run, news: "News", console: Console, stopped: asyncio.Event, at_the_end: AsyncExitStack
) -> story.Outcome:
    with news.screen:
        await unless(stopped, at_the_end.enter_async_context(stage), CUT_SHORT)
        at_the_end.callback(news.mute)
        await unless(stopped, story.prepare(stage, planned, news.show), CUT_SHORT)
    say(console, f"\n{planned}\n")
    return await unless(stopped, story.perform(stage, planned, console), CUT_SHORT)


class News:
    """What the stack tells. Its end, which we cause ourselves, is no news."""

    screen: Screen
    _muted = False

    def show(self, step: Step) -> None:
        if not self._muted:
            self.screen.show(step)

    def mute(self) -> None:
        self._muted = True


def _say_summary(console: Console, outcome: story.Outcome) -> None:
    colour = "green" if outcome.passed else "red"
    say(console, f"\n[bold {colour}]{outcome.summary}[/]")
