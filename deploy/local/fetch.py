"""The jars, fetched and verified by a process of its own: a stop must not wait for a slow network."""

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
    """Bring the jars of `engines` to this machine and verify them. Raises StackError.

    There is news only when something has to be fetched.
    """
    if not engines:
        return
    begin = time.monotonic()
    command = [*SPAWN, str(os.getpid()), sys.executable, "-m", "deploy.local.maven", *engines]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        await _follow(process, observe, begin)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise


async def _follow(process: asyncio.subprocess.Process, observe: Observer, begin: float) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    complaint = asyncio.create_task(process.stderr.read())
    last = ""
    async for line in process.stdout:
        last = line.decode().strip()
        observe(Step(NAME, State.STARTING, time.monotonic() - begin, last))
    *_, said = ["no reason given", *(await complaint).decode().splitlines()]
    failed = bool(await process.wait())
    if failed or last:
        observe(Step(NAME, State.FAILED if failed else State.READY, time.monotonic() - begin, last))
    if failed:
        raise StackError(said)
