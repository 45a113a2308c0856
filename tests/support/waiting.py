"""Waits for a condition with a time limit, so that tests need no fixed sleeps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 60.0, every: float = 0.05) -> T:
    """The first truthy result of `probe`, called at intervals of `every` seconds.

    An `AssertionError` of the probe means *not yet*. After `within` seconds the last one is raised, so that the test shows what
    was missing. They are many because a machine may be slow: no test is about how long something takes.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            result = await probe()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within:.0f} s: {getattr(probe, '__name__', probe)}")
        await asyncio.sleep(every)
