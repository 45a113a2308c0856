"""`postigo up`: the stack in the foreground, or started in the background."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.cli import background
from deploy.cli.screen import open_screen
from deploy.cli.stopping import stop_signal, unless
from deploy.local import LocalStack, StackError, table
from deploy.local.hints import typed
from deploy.local.program import Observer
from deploy.local.tier import EMBEDDED, Tier


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    home: Path
    only_engines: bool
    gateway_port: int | None
    tier: Tier = EMBEDDED

    @property
    def steps(self) -> list[str]:
        return [*table.TIERS[self.tier], "topics", *([] if self.only_engines else table.PROCESSES)]

    def options(self) -> list[str]:
        """The same wish for another `postigo up`."""
        port = [] if self.gateway_port is None else ["--gateway-port", str(self.gateway_port)]
        return [
            "--home",
            str(self.home),
            *(["--only-engines"] if self.only_engines else []),
            *port,
            "--tier",
            self.tier,
        ]


def run(wish: Wish, *, detach: bool, report_fd: int | None) -> None:
    """Raises StackError when the stack does not come up."""
    console = Console(highlight=False)
    if report_fd is not None:
        asyncio.run(_in_background(wish, report_fd))
    elif detach:
        begin = time.monotonic()
        with open_screen(console, wish.steps) as screen:
            env = background.start(wish.home, wish.options(), screen.show)
        _say_up(console, wish, env, time.monotonic() - begin, typed("down", home=wish.home))
    else:
        asyncio.run(_in_foreground(wish, console))


async def _in_foreground(wish: Wish, console: Console) -> None:
    begin = time.monotonic()
    screen = open_screen(console, wish.steps)
    stack = _stack(wish, screen.show)
    stopped = stop_signal(stack.kill_all)
    with screen:
        await _started(stack, wish, stopped)
    _say_up(console, wish, stack.env, time.monotonic() - begin, "Ctrl-C")
    await stopped.wait()
    console.print("Stopping…")
    await stack.close()
    console.print("Stopped; the data is kept.")


async def _in_background(wish: Wish, report_fd: int) -> None:
    with background.Report(report_fd) as report:
        stack = _stack(wish, report.step)
        stopped = stop_signal(stack.kill_all)
        try:
            await _started(stack, wish, stopped)
        except StackError as error:
            report.failed(str(error))
            raise
        report.up(stack.env)
    await stopped.wait()
    await stack.close()


def _stack(wish: Wish, observe: Observer) -> LocalStack:
    return LocalStack(wish.home, tier=wish.tier, gateway_port=wish.gateway_port, observe=observe)


async def _started(stack: LocalStack, wish: Wish, stopped: asyncio.Event) -> None:
    """Start everything; what was started is stopped again when that fails or a stop signal comes meanwhile."""
    try:
        await unless(stopped, _start(stack, wish), "It was stopped before it was up.")
    except BaseException:
        await stack.close()
        raise


async def _start(stack: LocalStack, wish: Wish) -> None:
    await stack.start()
    if not wish.only_engines:
        await stack.start_processes()


def _say_up(console: Console, wish: Wish, env: dict[str, str], seconds: float, stop: str) -> None:
    lines = [("mails", str(wish.home / "mails")), ("logs", typed("logs", "NAME", home=wish.home))]
    lines += [("status", typed("status", home=wish.home)), ("stop", stop)]
    if wish.only_engines:
        lines = [(name, value) for name, value in env.items() if not name.startswith("POSTIGO_")] + lines
    else:
        counter = [("gateway", env["PUBLIC_URL"]), ("API page", f"{env['PUBLIC_URL']}/docs")]
        lines = [
            *counter,
            (
                "accounts",
                f"{typed('demo', home=wish.home)} opens those of deploy/demo/accounts.jsonl, and files as them",
            ),
            *lines,
        ]
    width = max(len(name) for name, _ in lines)
    console.print(f"\n[bold green]Postigo is up[/] after {seconds:.1f} s.")
    for name, value in lines:
        console.print(f"  {name:<{width}}  {value}", soft_wrap=True, markup=False)
