"""Limits the records in flight to the broker: aiokafka queues any number of them, and memory would grow."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

MAX_IN_FLIGHT_RECORDS: Final = 2_000
MAX_IN_FLIGHT_BYTES: Final = 16 * 1024 * 1024


class InFlightLimit:
    """Senders wait while the limit is reached. A send that is larger than the limit is admitted alone."""

    def __init__(self) -> None:
        self._records = 0
        self._bytes = 0
        self._released = asyncio.Event()

    async def acquire(self, records: int, size: int) -> None:
        """Wait until so many records, with `size` bytes in total, may be sent."""
        while self._records and (
            self._records + records > MAX_IN_FLIGHT_RECORDS or self._bytes + size > MAX_IN_FLIGHT_BYTES
        ):
            self._released.clear()
            await self._released.wait()
        self._records += records
        self._bytes += size

    def release_after(self, pending: Collection[asyncio.Future[Any]], records: int, size: int) -> None:
        """Release what `acquire` admitted, once every future of `pending` is done."""
        if pending:
            done = asyncio.gather(*pending, return_exceptions=True)
            done.add_done_callback(lambda _: self._release(records, size))
        else:
            self._release(records, size)

    def _release(self, records: int, size: int) -> None:
        self._records -= records
        self._bytes -= size
        self._released.set()
