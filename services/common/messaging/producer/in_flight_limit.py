"""How much may be on its way to the broker at once: the client library queues whatever it is given."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

MOST_RECORDS: Final = 2_000
MOST_BYTES: Final = 16 * 1024 * 1024


class InFlightLimit:
    """Whoever finds no room waits until something has left. What is larger than all of it goes alone."""

    def __init__(self) -> None:
        self._records = 0
        self._bytes = 0
        self._left = asyncio.Event()

    async def acquire(self, records: int, size: int) -> None:
        while self._records and (self._records + records > MOST_RECORDS or self._bytes + size > MOST_BYTES):
            self._left.clear()
            await self._left.wait()
        self._records += records
        self._bytes += size

    def release_after(self, pending: Collection[asyncio.Future[Any]], records: int, size: int) -> None:
        """Leave once nothing is pending any more."""
        if pending:
            done = asyncio.gather(*pending, return_exceptions=True)
            done.add_done_callback(lambda _: self._release(records, size))
        else:
            self._release(records, size)

    def _release(self, records: int, size: int) -> None:
        self._records -= records
        self._bytes -= size
        self._left.set()
