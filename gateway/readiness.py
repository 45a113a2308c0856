"""Readiness of the web process: it has no subscription whose progress would tell."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from services.common.domain.errors import Unavailable
from services.common.messaging import Publisher
from services.common.store import Database, translate_store_errors

PROBE_EVERY: Final = 2.0
"""Seconds."""


@dataclass(slots=True)
class DependencyProbe:
    """Asks the broker and the store for a sign of life, again and again."""

    publisher: Publisher
    database: Database
    _missing: str | None = field(default=None)

    def missing(self) -> str | None:
        """The dependency that did not answer the last probe; None when all did."""
        return self._missing

    async def run(self) -> None:
        while True:
            try:
                await self.publisher.probe()
                with translate_store_errors():
                    await self.database.command("ping")
            except Unavailable as away:
                self._missing = str(away)
            else:
                self._missing = None
            await asyncio.sleep(PROBE_EVERY)
