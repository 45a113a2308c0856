"""Readiness of the web process: it probes its dependencies. Live updates may be late without making it unready."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from services.common.domain.errors import Unavailable
from services.common.messaging import Publisher
from services.common.store import Database, translate_store_errors

PROBE_SECONDS: Final = 2.0
"""Pause between two probes."""


@dataclass(slots=True)
class DependencyProbe:
    """Probes the broker and the store in a loop."""

    publisher: Publisher
    database: Database
    _missing: str | None = field(default=None)

    def missing(self) -> str | None:
        """The dependency that did not answer the last probe; None when all answered."""
        return self._missing

    async def run(self) -> None:
        while True:
            try:
                await self.publisher.probe()
                with translate_store_errors():
                    await self.database.command("ping")
            except Unavailable as error:
                self._missing = str(error)
            else:
                self._missing = None
            await asyncio.sleep(PROBE_SECONDS)
