"""Fault schedules against the whole system: `make faults ARGS="--seed 1 --schedules 20"`."""

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.tier import REAL, Tier
from tests.faults import clock
from tests.faults.aimed import chosen
from tests.faults.runner import Run
from tests.faults.schedule import Schedule
from tests.faults.telling import again, ending
from tests.faults.town import town

HOME = Path(".postigo") / f"faults-{os.getpid()}"


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help="Break everything, and see that nothing is lost.")
def faults(
    seed: Annotated[int, typer.Option(help="What the schedules follow from.")] = 1,
    schedules: Annotated[int, typer.Option(help="How many.")] = 20,
    only: Annotated[int | None, typer.Option(help="Just this one of them, again.")] = None,
    tier: Annotated[Tier, typer.Option(help="Which engines.")] = REAL,
    show: Annotated[bool, typer.Option("--show", help="Print the schedules, and run none.")] = False,
) -> None:
    numbers = [only] if only is not None else list(range(1, schedules + 1))
    drawn = [chosen(seed, number, tier) for number in numbers]
    if show:
        print("\n".join(map(str, drawn)))
    else:
        _play(drawn, tier)


def _play(schedules: Sequence[Schedule], tier: Tier) -> None:
    # The driver says of every lost connection what the schedule does on purpose.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if any(step.fault == "clock" for schedule in schedules for step in schedule.steps) and not clock.bring():
        print(f"Clocks will not jump: {clock.PACKAGE} is not on this machine, and may not be installed.")
    failed = asyncio.run(_run(schedules, tier))
    for name in failed:
        print(f"FAILED: {again(name, tier)}")
    print(f"{len(schedules) - len(failed)} of {len(schedules)} schedules held every clause.")
    sys.exit(bool(failed))


async def _run(schedules: Sequence[Schedule], tier: Tier) -> list[str]:
    """The names of those that failed. One town serves all, until something fails in it: then a new one is founded."""
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    waiting = list(schedules)
    failed: list[str] = []
    while waiting:
        home = HOME.with_name(f"{HOME.name}-{len(failed)}")
        begin = time.monotonic()
        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(town(home, tier))
            print(f"Everything is up after {time.monotonic() - begin:.0f} s, in {home}.", flush=True)
            broken = False
            while waiting and not broken:
                schedule = waiting.pop(0)
                print(schedule, flush=True)
                outcome = await Run(place, schedule, say=lambda text: print(text, flush=True)).play()
                broken = not outcome.passed
                print(f"  [{len(schedules) - len(waiting)}/{len(schedules)}] {ending(outcome, tier)}", flush=True)
        if broken:
            failed.append(schedule.name)
            print(f"Logs and data of the failed one are kept in {home}.")
        else:
            shutil.rmtree(home, ignore_errors=True)
    return failed


if __name__ == "__main__":
    app(prog_name="make faults")
