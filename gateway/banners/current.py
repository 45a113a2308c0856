"""The banners that every page shows, kept in memory: a page reads them without waiting for the store."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from gateway.banners.domain import in_force
from services.common.contracts.banners import Banner
from services.common.domain.errors import StoreUnavailable

log = structlog.get_logger()

READ_EVERY: Final = 3.0
"""Seconds between two reads. A read takes up to two, and clients keep an answer for three: a change is seen within ten."""


class Banners:
    """`read` returns all stored banners. While the store is unavailable, those of the last read stay."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Banner]]]) -> None:
        self._read = read
        self._stored: Sequence[Banner] = ()

    def current(self, subject: str | None, now: datetime) -> Sequence[Banner]:
        """The banners in force: that for everybody, and that of the subject. Reads nothing."""
        return in_force(self._stored, subject, now)

    async def load(self) -> None:
        """Read the banners. Raises `StoreUnavailable`."""
        self._stored = await self._read()

    async def run(self) -> None:
        """Read again until cancelled."""
        while True:
            await asyncio.sleep(READ_EVERY)
            try:
                await self.load()
            except StoreUnavailable as unavailable:
                log.warning("banners not read", because=str(unavailable))
