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
from tests.faults.environment import faults_environment
from tests.faults.failure_report import outcome_report, rerun_command
from tests.faults.runner import Run
from tests.faults.schedule import Schedule

HOME = Path(".postigo") / f"faults-{os.getpid()}"


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help="Inject faults into the whole system, and verify that nothing is lost.")
def faults(
    seed: Annotated[int, typer.Option(help="The seed of the schedules.")] = 1,
    schedules: Annotated[int, typer.Option(help="Number of schedules.")] = 20,
    only: Annotated[int | None, typer.Option(help="Run only the schedule with this number.")] = None,
    tier: Annotated[Tier, typer.Option(help="The engines.")] = REAL,
    show: Annotated[bool, typer.Option("--show", help="Print the schedules without running them.")] = False,
) -> None:
    numbers = [only] if only is not None else list(range(1, schedules + 1))
    drawn = [chosen(seed, number, tier) for number in numbers]
    if show:
        print("\n".join(map(str, drawn)))
    else:
        _run_and_exit(drawn, tier)


def _run_and_exit(schedules: Sequence[Schedule], tier: Tier) -> None:
    # The driver logs every lost connection, but the schedules cut connections on purpose.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if any(step.fault == "clock" for schedule in schedules for step in schedule.steps) and not clock.install():
        print(f"Clock faults will be skipped: {clock.PACKAGE} is missing and cannot be installed.")
    failed = asyncio.run(_run(schedules, tier))
    for name in failed:
        print(f"FAILED: {rerun_command(name, tier)}")
    print(f"{len(schedules) - len(failed)} of {len(schedules)} schedules held every clause.")
    sys.exit(bool(failed))


async def _run(schedules: Sequence[Schedule], tier: Tier) -> list[str]:
    """Run all schedules; returns the names of the failed ones. After a failure a new environment is started."""
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    waiting = list(schedules)
    failed: list[str] = []
    while waiting:
        home = HOME.with_name(f"{HOME.name}-{len(failed)}")
        started = time.monotonic()
        async with AsyncExitStack() as stack:
            current = await stack.enter_async_context(faults_environment(home, tier))
            print(f"Everything is up after {time.monotonic() - started:.0f} s, in {home}.", flush=True)
            broken = False
            while waiting and not broken:
                schedule = waiting.pop(0)
                print(schedule, flush=True)
                outcome = await Run(current, schedule, say=lambda text: print(text, flush=True)).play()
                broken = not outcome.passed
                print(
                    f"  [{len(schedules) - len(waiting)}/{len(schedules)}] {outcome_report(outcome, tier)}", flush=True
                )
        if broken:
            failed.append(schedule.name)
            print(f"The logs and data of the failed schedule are kept in {home}.")
        else:
            shutil.rmtree(home, ignore_errors=True)
    return failed


if __name__ == "__main__":
    app(prog_name="make faults")
