"""Deletes what has expired: sessions, known networks, counters, drafts, kept forms, published withdrawals, and births without a
parent who has an account.

The embedded store has no TTL indexes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from services.common.domain.errors import StoreUnavailable
from services.common.store import Database, store_deadline

log = structlog.get_logger()

COLLECTIONS: Final = ("sessions", "known_networks", "counters", "drafts", "kept_forms", "held_withdrawals", "births")
"""Each has `expires_at`, and a TTL index on it."""

PERIOD: Final = 600.0
"""Seconds between two rounds."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """Every replica may run it: deleting twice is harmless."""

    database: Database
    collections: Sequence[str] = COLLECTIONS

    async def run(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except StoreUnavailable as error:
                log.warning("expired records not deleted", because=str(error))

    async def round(self) -> None:
        for name in self.collections:
            async with store_deadline():
                await self.database[name].delete_many({"expires_at": {"$lte": datetime.now(UTC)}})
