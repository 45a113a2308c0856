"""How much may be on its way to the broker at once: the client library queues whatever it is given."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Final

MOST_RECORDS: Final = 2_000
MOST_BYTES: Final = 16 * 1024 * 1024


class Room:
    """Whoever finds no room waits until something has left. What is larger than all of it goes alone."""

    def __init__(self) -> None:
        self._records = 0
        self._bytes = 0
        self._left = asyncio.Event()

    async def enter(self, records: int, size: int) -> None:
        while self._records and (self._records + records > MOST_RECORDS or self._bytes + size > MOST_BYTES):
            self._left.clear()
            await self._left.wait()
        self._records += records
        self._bytes += size

    def leave_after(self, pending: Collection[asyncio.Future[Any]], records: int, size: int) -> None:
        """Leave once nothing is pending any more."""
        if pending:
            when_done(pending, lambda: self._leave(records, size))
        else:
            self._leave(records, size)

    def _leave(self, records: int, size: int) -> None:
        self._records -= records
        self._bytes -= size
        self._left.set()


async def all_done(futures: Collection[asyncio.Future[Any]]) -> None:
    """Return once none of them, of which there is one at least, is pending. Whoever stops waiting stops none of them.

    `asyncio.shield` and `asyncio.wait` take three times as long, which a submit notices.
    """
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    futures = tuple(futures)

    def end() -> None:
        if not waiting.done():
            waiting.set_result(None)

    one_less = when_done(futures, end)
    try:
        await waiting
    finally:
        for future in futures:
            future.remove_done_callback(one_less)


def when_done(futures: Collection[asyncio.Future[Any]], then: Callable[[], None]) -> Callable[[object], None]:
    """Call `then` once none of `futures` is pending any more. Gives what was added to each of them."""
    left = len(futures)

    def one_less(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            then()

    for future in futures:
        future.add_done_callback(one_less)
    return one_less
