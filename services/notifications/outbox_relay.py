"""Publishes the outboxes of ended deliveries: at once after a try, and later those that a crash left."""

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
"""Seconds between two searches for stale outboxes."""

STALE_AFTER: Final = timedelta(seconds=30)
"""Age at which an outbox is stale. Another replica may be about to publish a younger one."""

LIMIT: Final = 200
"""Deliveries found in one search."""


class OutboxRelay:
    """Publishes, then clears. An event that is published twice has the same id, so it is harmless."""

    def __init__(self, deliveries: Deliveries, publisher: Publisher) -> None:
        self._deliveries = deliveries
        self._publisher = publisher
        self._ended: list[Document[Delivery]] = []
        self._woken = asyncio.Event()
        self._searched_at = 0.0
        # An earlier run of this process, or a failed round, may have left unpublished outboxes.
        self._must_search = True

    def publish_soon(self, ended: Sequence[Document[Delivery]]) -> None:
        self._ended.extend(ended)
        self._woken.set()

    async def flush(self) -> None:
        """Publish all outboxes before the process ends, also those of a cancelled round."""
        self._must_search = True
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
        """Publish all outboxes. Returns False after an error: an unavailable broker or store, or our own bug."""
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
        self._must_search = True
        return False

    async def _publish_all(self) -> None:
        self._woken.clear()
        ended, self._ended = self._ended, []
        await self._publish(ended)
        if self._must_search or time.monotonic() - self._searched_at >= PERIOD:
            now = datetime.now(UTC)
            stale = await self._deliveries.unpublished(now if self._must_search else now - STALE_AFTER, LIMIT)
            await self._publish(stale)
            self._must_search = len(stale) == LIMIT
            self._searched_at = time.monotonic()

    async def _publish(self, documents: Sequence[Document[Delivery]]) -> None:
        if not documents:
            return
        await self._publisher.send([event for document in documents for event in document.outbox])
        ARMED and reach(Failpoint.DELIVERY_PUBLISHED)
        await self._deliveries.clear({document.key: [event.id for event in document.outbox] for document in documents})
        ARMED and reach(Failpoint.DELIVERY_CLEARED)
