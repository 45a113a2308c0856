"""Saying what became of each delivery: at once what just ended here, and later what a crash left unsaid."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.common.domain.errors import TopicMissing, Unavailable
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.runtime.backoff import LONGEST_WAIT, sleep_with_jitter
from services.common.store import Document
from services.common.telemetry.logging import redacted_exc_info
from services.notifications.domain import Delivery
from services.notifications.store import Deliveries

log = structlog.get_logger()

PERIOD: Final = 5.0
"""Seconds between two looks for what was left unsaid."""

STALE_AFTER: Final = timedelta(seconds=30)
"""How long what another replica is about to say is left to it."""

LIMIT: Final = 200


class OutboxRelay:
    """The outboxes of ended deliveries: publish, then clear. Saying twice is harmless, the id is the same."""

    def __init__(self, deliveries: Deliveries, publisher: Publisher) -> None:
        self._deliveries = deliveries
        self._publisher = publisher
        self._fresh: list[Document[Delivery]] = []
        self._woken = asyncio.Event()
        self._looked_at = 0.0
        # A former life of this process, or a failed round, may have left something behind.
        self._behind = True

    def tell(self, ended: Sequence[Document[Delivery]]) -> None:
        self._fresh.extend(ended)
        self._woken.set()

    async def last_round(self) -> None:
        """Before the process ends: what ended since, and what a round that was cut short had in hand."""
        self._behind = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await self.round()

    async def run(self) -> None:
        """Tell for ever; an absent engine only makes a round void: everything unsaid lies in the store."""
        while True:
            if await self.round():
                # Not `wait_for`: in Python 3.11 it forgets a cancellation that arrives together with what it waits for.
                with suppress(TimeoutError):
                    async with asyncio.timeout(PERIOD):
                        await self._woken.wait()
            else:
                await sleep_with_jitter()

    async def round(self) -> bool:
        """Say what is there to be said; False when an engine was away."""
        try:
            await self._say_all()
        except (Unavailable, TopicMissing) as away:
            log.warning("deliveries not said yet", because=str(away))
        except Exception as error:
            log.critical("saying deliveries failed", error=type(error).__name__, exc_info=redacted_exc_info(error))
        else:
            return True
        self._behind = True
        return False

    async def _say_all(self) -> None:
        self._woken.clear()
        fresh, self._fresh = self._fresh, []
        await self._say(fresh)
        if self._behind or time.monotonic() - self._looked_at >= PERIOD:
            now = datetime.now(UTC)
            left = await self._deliveries.unsaid(now if self._behind else now - STALE_AFTER, LIMIT)
            await self._say(left)
            self._behind = len(left) == LIMIT
            self._looked_at = time.monotonic()

    async def _say(self, documents: Sequence[Document[Delivery]]) -> None:
        if not documents:
            return
        await self._publisher.send([event for document in documents for event in document.outbox])
        ARMED and reach(Failpoint.DELIVERY_SAID)
        await self._deliveries.clear({document.key: [event.id for event in document.outbox] for document in documents})
        ARMED and reach(Failpoint.DELIVERY_CLEARED)
