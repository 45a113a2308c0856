"""`postigo up`: the stack in the foreground, or started in the background."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.cli import background
from deploy.cli.screen import open_screen
from deploy.cli.stopping import HURRY, KILLED, STOPPED, stop_signal, unless
from deploy.local import LocalStack, StackError, table
from deploy.local.guard import is_running
from deploy.local.hints import typed
from deploy.local.home import Home
from deploy.local.program import Observer
from deploy.local.tier import EMBEDDED, Tier


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    home: Path
    only_engines: bool
    gateway_port: int | None
    chosen_tier: Tier | None

    @property
    def tier(self) -> Tier:
        return self.chosen_tier or EMBEDDED

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
        return
    if _runs_already(console, wish):
        return
    if detach:
        begin = time.monotonic()
        with open_screen(console, wish.steps) as screen:
            env = background.start(wish.home, wish.options(), screen.show)
        _say_up(console, wish, env, time.monotonic() - begin, typed("down", home=wish.home))
    else:
        asyncio.run(_in_foreground(wish, console))


def _runs_already(console: Console, wish: Wish) -> bool:
    """Whether what is wanted runs, and is ready; then says where. Raises StackError where something else runs."""
    home = Home(wish.home)
    owner = home.owner()
    # Of one that was killed only a guard is left, whose end a start waits for.
    if owner is None or not is_running(owner):
        return False
    ready, tier = home.ready_programs(), home.state().get("tier", EMBEDDED)
    env = table.addresses(tier, home.kept_ports())
    if but := _difference(wish, tier, env["PUBLIC_URL"], ready):
        raise home.taken_by(owner, but)
    console.print("Postigo runs already.")
    _say_addresses(console, wish, env, typed("down", home=wish.home))
    return True


def _difference(wish: Wish, tier: Tier, gateway: str, ready: Collection[str]) -> str:
    """How what runs differs from what is wanted, in words; empty when it does not."""
    if wish.chosen_tier not in (None, tier):
        return f"on the {tier} engines"
    needed = {*table.TIERS[tier], *([] if wish.only_engines else table.PROCESSES)}
    if lacking := sorted(needed - set(ready)):
        return f"without {', '.join(lacking)}"
    if wish.only_engines and not table.PROCESSES.keys().isdisjoint(ready):
        return "with its processes"
    if wish.gateway_port is not None and gateway.rpartition(":")[2] != str(wish.gateway_port):
        return f"with the gateway at {gateway}"
    return ""


async def _in_foreground(wish: Wish, console: Console) -> None:
    begin = time.monotonic()
    screen = open_screen(console, wish.steps)
    stack = _stack(wish, screen.show)
    stopped = stop_signal(stack.kill_all)
    with screen:
        await _started(stack, wish, stopped)
    _say_up(console, wish, stack.env, time.monotonic() - begin, "Ctrl-C")
    await stopped.wait()
    console.print(f"Stopping… {HURRY}")
    await stack.close()
    console.print(KILLED if stack.was_killed else STOPPED)


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
    console.print(f"\n[bold green]Postigo is up[/] after {seconds:.1f} s.")
    _say_addresses(console, wish, env, stop)


def _say_addresses(console: Console, wish: Wish, env: dict[str, str], stop: str) -> None:
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
    for name, value in lines:
        console.print(f"  {name:<{width}}  {value}", soft_wrap=True, markup=False)
