"""Waiting for a condition, with a bound: tests never sleep for luck."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 20.0, every: float = 0.05) -> T:
    """The first truthy answer of `probe`. An `AssertionError` of the probe counts as not yet.

    After `within` seconds the last failure is raised, so that a test says what it was still waiting for.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            answer = await probe()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within:.0f} s: {getattr(probe, '__name__', probe)}")
        await asyncio.sleep(every)
