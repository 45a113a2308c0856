"""How a command in the foreground hears that it is to stop."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from deploy.local.errors import StackError

T = TypeVar("T")

HURRY: Final = "Ctrl-C again kills all; the store may then forget the last instants."
STOPPED: Final = "Stopped; the data is kept."
KILLED: Final = "Killed; the last instants may be lost."

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_signal(kill_all: Callable[[], None]) -> asyncio.Event:
    """Set by the first Ctrl-C (or SIGTERM, or SIGHUP); each further one calls `kill_all`, for who cannot wait."""
    stopped = asyncio.Event()

    def heard() -> None:
        if stopped.is_set():
            kill_all()
        stopped.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, heard)
    return stopped


async def unless(stopped: asyncio.Event, work: Coroutine[Any, Any, T], otherwise: str) -> T:
    """What `work` gives. A stop signal meanwhile ends it; then raises StackError, which says `otherwise`."""
    doing = asyncio.create_task(work)
    stop = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({doing, stop}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        doing.cancel()
        await asyncio.wait({doing})
        raise StackError(otherwise)
    finally:
        stop.cancel()
