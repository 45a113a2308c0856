"""The sweeper: fires due timers, and sends outboxes again that no record will.

One loop per member, between batches, only on documents of partitions it holds. A timer never overtakes the log: it
fires when everything that lay on the member's topics at the start of the round has been applied.
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
from services.common.telemetry.logging import where

log = structlog.get_logger()

PERIOD: Final = 2.0
"""Seconds between two rounds."""

STALE_AFTER: Final = timedelta(seconds=30)
LIMIT: Final = 200
"""Documents looked at in one round."""


class Sweeper(Generic[S]):
    def __init__(self, subscription: Subscription, consumer: AggregateProcessor[S]) -> None:
        self._subscription = subscription
        self._consumer = consumer
        # Documents with a timer that our own bug breaks: passed over until the process is started again.
        self._broken: set[str] = set()

    async def run(self) -> None:
        """Sweep for ever; an absent engine only makes a round void."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except (Unavailable, KafkaError, IllegalStateError, TimeoutError) as error:
                log.warning("sweep void", group=self._subscription.group, because=type(error).__name__)
            except Exception as error:
                log.critical(
                    "sweep failed", group=self._subscription.group, error=type(error).__name__, exc_info=where(error)
                )

    async def round(self) -> None:
        """One round. Rests while the subscription is in an outage: then its producer is not acknowledged either."""
        started = datetime.now(UTC)
        ends = await self._subscription.offsets.ends(self._subscription.consumer)
        ARMED and reach(Failpoint.SWEEP_ENDS_NOTED)
        if self._subscription.health.outage or not ends:
            return
        async with self._subscription.between_batches:
            processed_offsets = await self._subscription.processed_offsets()
            held = {tp.partition for tp in ends}
            behind = {tp.partition for tp, end in ends.items() if processed_offsets.get(tp, 0) < end}
            await self._fire(started, sorted(held - behind))
            ARMED and reach(Failpoint.SWEEP_TIMERS_TAKEN)
            await self._send_again(started, sorted(held))

    async def _fire(self, before: datetime, partitions: list[int]) -> None:
        """Fire what is due in partitions of which every topic has been read to the noted end."""
        documents = await self._consumer.store.due(partitions, before, LIMIT, but=self._broken)
        ARMED and reach(Failpoint.SWEEP_DUE_FOUND)
        timers = [self._due(document, before) for document in documents]
        if await self._failed([timer for due in timers for timer in due]) is not None:
            ARMED and reach(Failpoint.SWEEP_TIMERS_FIRED)
            for due in timers:
                await self._one(due)
                ARMED and reach(Failpoint.SWEEP_TIMER_FIRED)

    async def _one(self, due: Sequence[IncomingRecord]) -> None:
        """Fire the timers of one document, and pass it over from now on if our own bug breaks one."""
        if (error := await self._failed(due)) is not None:
            self._broken.add(due[0].received.target)
            log.critical(
                "timer failed", group=self._subscription.group, error=type(error).__name__, exc_info=where(error)
            )

    def _due(self, document: Document[S], before: datetime) -> list[IncomingRecord]:
        return [
            IncomingRecord(self._consumer.aggregate.timer(document, due), None)
            for due in document.due
            if due.at <= before
        ]

    async def _failed(self, timers: Sequence[IncomingRecord]) -> Exception | None:
        """What our own bug raised; other documents' timers must not wait for it."""
        try:
            await self._consumer.process(timers)
        except Unavailable:
            raise
        except Exception as error:
            return error
        return None

    async def _send_again(self, started: datetime, partitions: list[int]) -> None:
        documents = await self._consumer.store.unsent(partitions, started - STALE_AFTER, LIMIT)
        ARMED and reach(Failpoint.SWEEP_STALE_FOUND)
        for document in documents:
            try:
                await self._consumer.publish([document])
            except TopicMissing as missing:
                log.critical("an outbox cannot be sent", group=self._subscription.group, because=str(missing))
