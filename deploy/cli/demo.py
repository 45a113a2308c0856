"""`postigo demo`: start the stack, run the demonstration, then show what a person may try."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from deploy.cli.screen import Screen, open_screen
from deploy.cli.stop_signals import KILL_HINT, KILLED, STOPPED, stop_signal, unless
from deploy.demo import report, run as demonstration
from deploy.demo.cases import Run
from deploy.demo.errors import DemoError
from deploy.demo.screen import say
from deploy.demo.stage import Stage, stage_in
from deploy.demo.tryout import show_hints
from deploy.local.errors import StackError
from deploy.local.hints import option, typed
from deploy.local.program import Step

STOPPED_EARLY: Final = "The demonstration was stopped before its end."


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    home: Path
    gateway_port: int | None
    once: bool


def run(options: Options) -> None:
    """Exit code 1 when a check fails. Raises StackError when there is nothing to check."""
    # In a pipe there is no terminal width: use the widest table.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else report.WIDEST)
    try:
        passed = asyncio.run(_play(options, console))
    except DemoError as error:
        more = f" See '{typed('logs', error.log, home=options.home)}'." if error.log else ""
        raise StackError(f"{error}{more}") from error
    if not passed:
        sys.exit(1)


async def _play(options: Options, console: Console) -> bool:
    """Whether every check passed. A stack that was started here is stopped when this returns."""
    stays = sys.stdout.isatty() and not options.once
    if not stays and not options.once:
        say(console, f"This is not a terminal: the demonstration stops at its end, as with {option('--once')}.")
    observer = StepObserver()
    stage = stage_in(options.home, options.gateway_port, observer.show)
    observer.screen = open_screen(console, [*stage.steps, *demonstration.STEPS])
    stopped = stop_signal(stage.kill_all)
    if not stage.own:
        say(console, "Postigo already runs: the demonstration uses it and leaves it running.")
    planned = demonstration.new_run()
    stopping = console.status(f"Stopping… {KILL_HINT}")
    async with AsyncExitStack() as exit_stack:
        exit_stack.callback(stopping.stop)
        outcome = await _start_and_perform(stage, planned, observer, console, stopped, exit_stack)
        submission = demonstration.show(console, outcome)
        if stays and outcome.passed and submission is not None:
            _print_summary(console, outcome)
            show_hints(console, planned.accounts[submission.account], stage)
            await stopped.wait()
        if console.is_terminal:
            stopping.start()
    if not (stays and outcome.passed):
        _print_summary(console, outcome)
    if not stage.own:
        say(console, f"Postigo still runs: '{typed('down', home=options.home)}' stops it.")
    elif stays:
        say(console, KILLED if stage.was_killed else STOPPED)
    return outcome.passed


async def _start_and_perform(
    stage: Stage,
    planned: Run,
    observer: "StepObserver",
    console: Console,
    stopped: asyncio.Event,
    exit_stack: AsyncExitStack,
) -> demonstration.Outcome:
    with observer.screen:
        await unless(stopped, exit_stack.enter_async_context(stage), STOPPED_EARLY)
        exit_stack.callback(observer.mute)
        await unless(stopped, demonstration.prepare(stage, planned, observer.show), STOPPED_EARLY)
    say(console, f"\n{planned}\n")
    return await unless(stopped, demonstration.perform(stage, planned, console), STOPPED_EARLY)


class StepObserver:
    """Shows the steps of the stack until it is muted: the final stop needs no lines of its own."""

    screen: Screen
    _muted = False

    def show(self, step: Step) -> None:
        if not self._muted:
            self.screen.show(step)

    def mute(self) -> None:
        self._muted = True


def _print_summary(console: Console, outcome: demonstration.Outcome) -> None:
    colour = "green" if outcome.passed else "red"
    say(console, f"\n[bold {colour}]{outcome.summary}[/]")
