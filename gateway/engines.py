"""Whether the engines that an answer needs are there: the web process has no subscription that would tell."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from services.common.errors import Away
from services.common.messaging import Publisher
from services.common.store import Database, reaching_store

ASK_EVERY: Final = 2.0


@dataclass(slots=True)
class Engines:
    """Asks broker and store for a sign of life, again and again; `trouble` is what they last lacked."""

    publisher: Publisher
    database: Database
    _trouble: str | None = field(default=None)

    def trouble(self) -> str | None:
        return self._trouble

    async def run(self) -> None:
        while True:
            try:
                await self.publisher.probe()
                with reaching_store():
                    await self.database.command("ping")
            except Away as away:
                self._trouble = str(away)
            else:
                self._trouble = None
            await asyncio.sleep(ASK_EVERY)
