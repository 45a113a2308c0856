"""The sweeper: fires due timers, and publishes outboxes that were left unsent.

Each group member runs one, between batches, for the documents of its assigned partitions. A timer does not overtake the
records of its partition: it fires after all records that were in the log at the start of the round have been processed.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Generic

import structlog
from aiokafka.errors import IllegalStateError, KafkaError

from services.common.domain.decision import S
from services.common.domain.errors import TopicMissing, Unavailable
from services.common.messaging.consumer.subscription import Subscription
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate_processor import AggregateProcessor
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.store import Document
from services.common.telemetry.logging import redacted_exc_info

log = structlog.get_logger()

PERIOD: Final = 2.0
"""Seconds between two rounds."""

STALE_AFTER: Final = timedelta(seconds=30)
"""Age of an outbox entry after which no record is expected to publish it."""

LIMIT: Final = 200
"""Maximum documents of one query, for timers and for outboxes."""


class Sweeper(Generic[S]):
    """Sweeps the documents of `processor`, in the partitions assigned to `subscription`."""

    def __init__(self, subscription: Subscription, processor: AggregateProcessor[S]) -> None:
        self._subscription = subscription
        self._processor = processor
        # Documents whose timer raised because of our own bug. They are skipped until the process restarts.
        self._broken: set[str] = set()

    async def run(self) -> None:
        """Sweep until cancelled. If an engine is unavailable, the round ends and the next one tries again."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except (Unavailable, KafkaError, IllegalStateError, TimeoutError) as error:
                log.warning("sweep round ended early", group=self._subscription.group, because=type(error).__name__)
            except Exception as error:
                log.critical(
                    "sweep failed",
                    group=self._subscription.group,
                    error=type(error).__name__,
                    exc_info=redacted_exc_info(error),
                )

    async def round(self) -> None:
        """One round. Does nothing while the subscription reports an outage: the engines it needs are the same."""
        started = datetime.now(UTC)
        ends = await self._subscription.offsets.end_offsets(self._subscription.consumer)
        ARMED and reach(Failpoint.SWEEP_ENDS_NOTED)
        if self._subscription.health.outage or not ends:
            return
        async with self._subscription.batch_lock:
            processed_offsets = await self._subscription.processed_offsets()
            assigned = {tp.partition for tp in ends}
            behind = {tp.partition for tp, end in ends.items() if processed_offsets.get(tp, 0) < end}
            await self._fire(started, sorted(assigned - behind))
            ARMED and reach(Failpoint.SWEEP_ROUND_FIRED)
            await self._republish(started, sorted(assigned))

    async def _fire(self, before: datetime, partitions: list[int]) -> None:
        """Fire the timers due `before`, all together; if that fails, document by document.

        In each of `partitions`, all topics have been processed up to the end measured at the start of the round.
        """
        documents = await self._processor.store.due(partitions, before, LIMIT, skip=self._broken)
        ARMED and reach(Failpoint.SWEEP_DUE_FOUND)
        timers = [self._due_timers(document, before) for document in documents]
        if await self._try_process([timer for due in timers for timer in due]) is not None:
            ARMED and reach(Failpoint.SWEEP_TIMERS_FIRED)
            for due in timers:
                await self._fire_document(due)
                ARMED and reach(Failpoint.SWEEP_TIMER_FIRED)

    async def _fire_document(self, due: Sequence[IncomingRecord]) -> None:
        """Fire the timers of one document. If our own bug makes them fail, skip the document from now on."""
        if (error := await self._try_process(due)) is not None:
            self._broken.add(due[0].received.target)
            log.critical(
                "timer failed",
                group=self._subscription.group,
                error=type(error).__name__,
                exc_info=redacted_exc_info(error),
            )

    def _due_timers(self, document: Document[S], before: datetime) -> list[IncomingRecord]:
        return [
            IncomingRecord(self._processor.aggregate.timer(document, due), None)
            for due in document.due
            if due.at <= before
        ]

    async def _try_process(self, timers: Sequence[IncomingRecord]) -> Exception | None:
        """The exception that the timers caused, or None. `Unavailable` is raised: the timers did not cause it."""
        try:
            await self._processor.process(timers)
        except Unavailable:
            raise
        except Exception as error:
            return error
        return None

    async def _republish(self, started: datetime, partitions: list[int]) -> None:
        """Publish outboxes with entries that were stale at `started`: a crash came between their save and their send."""
        documents = await self._processor.store.unsent(partitions, started - STALE_AFTER, LIMIT)
        ARMED and reach(Failpoint.SWEEP_STALE_FOUND)
        for document in documents:
            try:
                await self._processor.publish([document])
            except TopicMissing as missing:
                log.critical("an outbox cannot be published", group=self._subscription.group, because=str(missing))
