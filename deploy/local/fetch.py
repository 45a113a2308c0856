"""Fetch and verify the jars in a separate process, which a stop signal can kill while the network is slow."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from deploy.local.errors import StackError
from deploy.local.program import Observer, State, Step
from deploy.local.spawn import SPAWN

NAME = "download"


async def fetch_jars(engines: Sequence[str], observe: Observer) -> None:
    """Fetch the missing jars of `engines` and verify all of them. Raises StackError.

    Calls `observe` only when a jar has to be fetched.
    """
    if not engines:
        return
    started = time.monotonic()
    command = [*SPAWN, str(os.getpid()), sys.executable, "-m", "deploy.local.maven", *engines]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        await _follow(process, observe, started)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise


async def _follow(process: asyncio.subprocess.Process, observe: Observer, started: float) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    last = ""
    async for line in process.stdout:
        last = line.decode().strip()
        observe(Step(NAME, State.STARTING, time.monotonic() - started, last))
    *_, reason = ["no reason given", *(await errors).decode().splitlines()]
    failed = bool(await process.wait())
    if failed or last:
        observe(Step(NAME, State.FAILED if failed else State.READY, time.monotonic() - started, last))
    if failed:
        raise StackError(reason)
