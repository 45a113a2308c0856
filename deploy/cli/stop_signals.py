"""Stop signals of a command in the foreground."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from deploy.local.errors import StackError

T = TypeVar("T")

KILL_HINT: Final = "Ctrl-C again kills all; the store may then lose the last moments."
STOPPED: Final = "Stopped; the data is kept."
KILLED: Final = "Killed; the data of the last moments may be lost."

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_signal(kill_all: Callable[[], None]) -> asyncio.Event:
    """An event that the first Ctrl-C (or SIGTERM, or SIGHUP) sets. Each further signal calls `kill_all`."""
    stopped = asyncio.Event()

    def on_signal() -> None:
        if stopped.is_set():
            kill_all()
        stopped.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return stopped


async def unless(stopped: asyncio.Event, work: Coroutine[Any, Any, T], message: str) -> T:
    """The result of `work`. When `stopped` is set first, cancels `work` and raises StackError with `message`."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.wait({working})
        raise StackError(message)
    finally:
        stopping.cancel()
