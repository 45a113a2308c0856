"""Starts processes in a tenth of the time: they are forked from a server that has imported the libraries but none of our code.

Kill tests spend most of their time starting processes, and most of that importing libraries.
"""

import asyncio
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

LIBRARIES = (
    "fastapi.applications",
    "faststream.kafka",
    "motor.motor_asyncio",
    "opentelemetry.sdk.trace",
    "pydantic_settings",
    "pymongo.asynchronous.mongo_client",
    "prometheus_client",
    "structlog",
    "uvicorn",
    "uvloop",
)

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__, *LIBRARIES])


class Process:
    """Runs a module like `python -m`, with `arguments`, exactly the environment `env`, and its output in `log`."""

    def __init__(self, module: str, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._process = _context.Process(target=_run, args=(module, arguments, dict(env), str(log)), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self.returncode is not None
        return self.returncode


def _run(module: str, arguments: Sequence[str], env: dict[str, str], log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
