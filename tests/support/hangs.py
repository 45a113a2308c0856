"""A watchdog behind pytest's timeout: a worker that still hangs prints its stacks and exits.

pytest-timeout raises in the code that the main thread is running. In a callback of the event loop the exception is only
logged; in another task it ends only that task. The test then waits for ever.
"""

import asyncio
import gc
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Final

import pytest
from pytest_timeout import Settings

GRACE_SECONDS: Final = 60.0
"""Time for the cleanup of a test that was timed out."""


class HangWatchdog:
    """A pytest plugin. It writes to the standard error of the moment when pytest is configured, bypassing capture."""

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._out = os.fdopen(os.dup(2), "w", encoding="utf-8")
        self._timer: threading.Timer | None = None

    @pytest.hookimpl
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Settings) -> None:
        self._timer = threading.Timer(settings.timeout + self._grace, self._exit, [item.nodeid])
        self._timer.daemon = True
        self._timer.start()

    @pytest.hookimpl
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _exit(self, nodeid: str) -> None:
        print(f"\n{nodeid} hangs, and its timeout did not end it.", *_stacks(), sep="\n", file=self._out, flush=True)
        os._exit(1)


def _stacks() -> Iterator[str]:
    """The stack of each thread and of each unfinished task."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        yield f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
    for task in [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]:
        lines = [line for frame in task.get_stack() for line in traceback.format_stack(frame, limit=1)]
        yield f"Task {task.get_name()}, {task.get_coro()}:\n{''.join(lines)}"
