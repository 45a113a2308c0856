"""Times reads, one after another."""

import time
from collections.abc import Awaitable, Callable


async def timed(read: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """The seconds that each of `times` reads took."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        await read()
        took.append(time.perf_counter() - start)
    return took
