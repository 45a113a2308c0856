"""`postigo up`: run the stack in the foreground, or start it in the background."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.cli import background
from deploy.cli.screen import open_screen
from deploy.cli.stop_signals import KILL_HINT, KILLED, STOPPED, stop_signal, unless
from deploy.local import LocalStack, StackError, table
from deploy.local.guard import is_running
from deploy.local.hints import typed
from deploy.local.home import Home
from deploy.local.program import Observer
from deploy.local.tier import EMBEDDED, Tier


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

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

    def arguments(self) -> list[str]:
        """The same options as arguments for another `postigo up`."""
        port = [] if self.gateway_port is None else ["--gateway-port", str(self.gateway_port)]
        return [
            "--home",
            str(self.home),
            *(["--only-engines"] if self.only_engines else []),
            *port,
            "--tier",
            self.tier,
        ]


def run(options: Options, *, detach: bool, report_fd: int | None) -> None:
    """Raises StackError when the stack does not come up."""
    console = Console(highlight=False)
    if report_fd is not None:
        asyncio.run(_in_background(options, report_fd))
        return
    if _already_runs(console, options):
        return
    if detach:
        started = time.monotonic()
        with open_screen(console, options.steps) as screen:
            env = background.start(options.home, options.arguments(), screen.show)
        _print_up(console, options, env, time.monotonic() - started, typed("down", home=options.home))
    else:
        asyncio.run(_in_foreground(options, console))


def _already_runs(console: Console, options: Options) -> bool:
    """Whether the requested stack already runs and is ready; then prints its addresses.

    Raises StackError when another stack runs in the folder.
    """
    home = Home(options.home)
    owner = home.owner()
    # The guard of a killed supervisor may still hold the lock. Then a start waits for its end.
    if owner is None or not is_running(owner):
        return False
    ready, tier = home.ready_programs(), home.state().get("tier", EMBEDDED)
    env = table.addresses(tier, home.kept_ports())
    if difference := _difference(options, tier, env["PUBLIC_URL"], ready):
        raise home.already_runs(owner, difference)
    console.print("Postigo already runs.")
    _print_addresses(console, options, env, typed("down", home=options.home))
    return True


def _difference(options: Options, tier: Tier, gateway: str, ready: Collection[str]) -> str:
    """How the running stack differs from the options, in words; empty when it does not."""
    if options.chosen_tier not in (None, tier):
        return f"on the {tier} engines"
    needed = {*table.TIERS[tier], *([] if options.only_engines else table.PROCESSES)}
    if missing := sorted(needed - set(ready)):
        return f"without {', '.join(missing)}"
    if options.only_engines and not table.PROCESSES.keys().isdisjoint(ready):
        return "with its processes"
    if options.gateway_port is not None and gateway.rpartition(":")[2] != str(options.gateway_port):
        return f"with the gateway at {gateway}"
    return ""


async def _in_foreground(options: Options, console: Console) -> None:
    started = time.monotonic()
    screen = open_screen(console, options.steps)
    stack = _stack(options, screen.show)
    stopped = stop_signal(stack.kill_all)
    with screen:
        await _start_or_close(stack, options, stopped)
    _print_up(console, options, stack.env, time.monotonic() - started, "Ctrl-C")
    await stopped.wait()
    console.print(f"Stopping… {KILL_HINT}")
    await stack.close()
    console.print(KILLED if stack.was_killed else STOPPED)


async def _in_background(options: Options, report_fd: int) -> None:
    with background.Report(report_fd) as report:
        stack = _stack(options, report.step)
        stopped = stop_signal(stack.kill_all)
        try:
            await _start_or_close(stack, options, stopped)
        except StackError as error:
            report.failed(str(error))
            raise
        report.up(stack.env)
    await stopped.wait()
    await stack.close()


def _stack(options: Options, observe: Observer) -> LocalStack:
    return LocalStack(options.home, tier=options.tier, gateway_port=options.gateway_port, observe=observe)


async def _start_or_close(stack: LocalStack, options: Options, stopped: asyncio.Event) -> None:
    """Start everything. Close the stack when the start fails or a stop signal comes."""
    try:
        await unless(stopped, _start(stack, options), "Postigo was stopped before it was up.")
    except BaseException:
        await stack.close()
        raise


async def _start(stack: LocalStack, options: Options) -> None:
    await stack.start()
    if not options.only_engines:
        await stack.start_processes()


def _print_up(console: Console, options: Options, env: dict[str, str], seconds: float, stop: str) -> None:
    console.print(f"\n[bold green]Postigo is up[/] after {seconds:.1f} s.")
    _print_addresses(console, options, env, stop)


def _print_addresses(console: Console, options: Options, env: dict[str, str], stop: str) -> None:
    lines = [("mails", str(options.home / "mails")), ("logs", typed("logs", "NAME", home=options.home))]
    lines += [("status", typed("status", home=options.home)), ("stop", stop)]
    if options.only_engines:
        lines = [(name, value) for name, value in env.items() if not name.startswith("POSTIGO_")] + lines
    else:
        gateway = [("portal", env["PUBLIC_URL"]), ("API page", f"{env['PUBLIC_URL']}/docs")]
        lines = [
            *gateway,
            (
                "accounts",
                f"{typed('demo', home=options.home)} creates those of deploy/demo/accounts.jsonl and uses them",
            ),
            *lines,
        ]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        console.print(f"  {name:<{width}}  {value}", soft_wrap=True, markup=False)
