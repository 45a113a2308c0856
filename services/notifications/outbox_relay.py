"""Publishes the outboxes of ended deliveries: at once those that ended here, later those that a crash left behind."""

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
"""Seconds between two searches for outboxes that were left behind."""

STALE_AFTER: Final = timedelta(seconds=30)
"""Age at which an outbox counts as left behind. A younger one may be about to be published by another replica."""

LIMIT: Final = 200
"""Deliveries found in one search."""


class OutboxRelay:
    """Publishes, then clears. An event that is published twice has the same id, so it is harmless."""

    def __init__(self, deliveries: Deliveries, publisher: Publisher) -> None:
        self._deliveries = deliveries
        self._publisher = publisher
        self._fresh: list[Document[Delivery]] = []
        self._woken = asyncio.Event()
        self._searched_at = 0.0
        # An earlier run of this process, or a failed round, may have left outboxes behind.
        self._behind = True

    def publish_soon(self, ended: Sequence[Document[Delivery]]) -> None:
        self._fresh.extend(ended)
        self._woken.set()

    async def flush(self) -> None:
        """Publish what is left before the process ends, also what a cancelled round had begun."""
        self._behind = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await self.round()

    async def run(self) -> None:
        """Run until cancelled. An unavailable broker or store ends only the current round: the outboxes stay in the store."""
        while True:
            if await self.round():
                # Not `wait_for`: in Python 3.11 it loses a cancellation that arrives together with the result.
                with suppress(TimeoutError):
                    async with asyncio.timeout(PERIOD):
                        await self._woken.wait()
            else:
                await sleep_with_jitter()

    async def round(self) -> bool:
        """Publish everything there is. Returns False if the broker or the store is unavailable, or a bug was met."""
        try:
            await self._publish_all()
        except (Unavailable, TopicMissing) as error:
            log.warning("events of deliveries not published yet", because=str(error))
        except Exception as error:
            log.critical(
                "publishing the events of deliveries failed",
                error=type(error).__name__,
                exc_info=redacted_exc_info(error),
            )
        else:
            return True
        self._behind = True
        return False

    async def _publish_all(self) -> None:
        self._woken.clear()
        fresh, self._fresh = self._fresh, []
        await self._publish(fresh)
        if self._behind or time.monotonic() - self._searched_at >= PERIOD:
            now = datetime.now(UTC)
            left = await self._deliveries.unpublished(now if self._behind else now - STALE_AFTER, LIMIT)
            await self._publish(left)
            self._behind = len(left) == LIMIT
            self._searched_at = time.monotonic()

    async def _publish(self, documents: Sequence[Document[Delivery]]) -> None:
        if not documents:
            return
        await self._publisher.send([event for document in documents for event in document.outbox])
        ARMED and reach(Failpoint.DELIVERY_SAID)
        await self._deliveries.clear({document.key: [event.id for event in document.outbox] for document in documents})
        ARMED and reach(Failpoint.DELIVERY_CLEARED)
