"""How a command in the foreground hears that it is to stop."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

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
