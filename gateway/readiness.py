"""Readiness of the web process: it probes its dependencies. Live updates may be late without making it unready."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.status.domain import Answer
from services.common.domain.errors import Unavailable
from services.common.messaging import Publisher
from services.common.store import Database, store_deadline

PROBE_SECONDS: Final = 2.0
"""Pause between two probes."""


@dataclass(slots=True)
class DependencyProbe:
    """Probes the broker and the store in a loop. `broker`, `store`: how each answered the last probe; None before the first."""

    publisher: Publisher
    database: Database
    broker: Answer | None = field(default=None)
    store: Answer | None = field(default=None)
    _missing: dict[str, str | None] = field(default_factory=dict)

    def missing(self) -> str | None:
        """The dependency that did not answer the last probe; None when all answered."""
        return next(filter(None, self._missing.values()), None)

    async def run(self) -> None:
        # Each in a loop of its own: the broker may take five seconds not to answer.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_broker())
            group.create_task(self._watch_store())

    async def _watch_broker(self) -> None:
        while True:
            self.broker = await self._probe("broker", self.publisher.probe)
            await asyncio.sleep(PROBE_SECONDS)

    async def _watch_store(self) -> None:
        while True:
            self.store = await self._probe("store", self._ping)
            await asyncio.sleep(PROBE_SECONDS)

    async def _probe(self, name: str, probe: Callable[[], Awaitable[None]]) -> Answer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            await probe()
        except Unavailable as error:
            self._missing[name] = str(error)
            return Answer(datetime.now(UTC), None)
        self._missing[name] = None
        return Answer(datetime.now(UTC), loop.time() - started)

    async def _ping(self) -> None:
        async with store_deadline():
            await self.database.command("ping")
