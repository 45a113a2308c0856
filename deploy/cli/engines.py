"""`postigo engines`: the programs of the real tier."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from deploy.cli.screen import open_screen
from deploy.local import LocalStack, StackError, cache, install
from deploy.local.spawn import SPAWN
from deploy.local.tier import REAL

ENGINES = ("kafka", "mongo", "s3")
VARIABLES = ("KAFKA_URL", "MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")


def run_install() -> None:
    """Raises StackError."""
    console = Console(highlight=False)
    started = time.monotonic()
    if cache.missing():
        with open_screen(console, list(cache.recipes())) as screen:
            install.install(screen.show)
        console.print(f"The real engines were built in {time.monotonic() - started:.0f} s.")
    console.print(f"The real engines are in {cache.folder()}.", soft_wrap=True)


def run_remove() -> None:
    """Raises StackError."""
    print(f"{install.remove() / 1e6:.0f} MB removed from {cache.folder()}.")


def run_with_engines(command: Sequence[str]) -> None:
    """Exit with the command's own code. Raises StackError."""
    with TemporaryDirectory(prefix="postigo-engines-") as home:
        code = asyncio.run(_run(Path(home), command))
    sys.exit(code)


async def _run(home: Path, command: Sequence[str]) -> int:
    program = shutil.which(command[0])
    if program is None:
        raise StackError(f"There is no program {command[0]} to run.")
    given = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    async with LocalStack(home, tier=REAL, engines=ENGINES, given=given, apply_topics=False) as stack:
        addresses = {name: stack.env[name] for name in VARIABLES}
        for name, value in addresses.items():
            print(f"{name}={value}", flush=True)
        process = await asyncio.create_subprocess_exec(
            *SPAWN, str(os.getpid()), program, *command[1:], env=os.environ | addresses
        )
        loop = asyncio.get_running_loop()
        # The terminal sends Ctrl-C to the command too. This process must wait for it, then stop the engines.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        loop.add_signal_handler(signal.SIGTERM, process.terminate)
        return await process.wait()
