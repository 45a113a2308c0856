"""The net below a test's timeout: a worker that hangs says where, and ends.

pytest-timeout raises in whatever the main thread does just then. In a callback of the loop that is logged and forgotten,
in another task it ends that one, and the test waits on, for ever.
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
"""What a test that was given up may take to clean up behind itself."""


class Net:
    """A plugin. What it has to say goes to the error output as it is when pytest is configured, past any capture."""

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._out = os.fdopen(os.dup(2), "w", encoding="utf-8")
        self._timer: threading.Timer | None = None

    @pytest.hookimpl
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Settings) -> None:
        self._timer = threading.Timer(settings.timeout + self._grace, self._end, [item.nodeid])
        self._timer.daemon = True
        self._timer.start()

    @pytest.hookimpl
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, nodeid: str) -> None:
        print(f"\n{nodeid} hangs, and its timeout did not end it.", *_where(), sep="\n", file=self._out, flush=True)
        os._exit(1)


def _where() -> Iterator[str]:
    """The stack of each thread, and of each task that waits."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        yield f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
    for task in [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]:
        lines = [line for frame in task.get_stack() for line in traceback.format_stack(frame, limit=1)]
        yield f"Task {task.get_name()}, {task.get_coro()}:\n{''.join(lines)}"
