"""One consumer group's subscription: FastStream carries the batches, the kernel decides how each record ends."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.common.domain.errors import BrokerUnavailable, ConsumerUnresponsive, Unavailable
from services.common.messaging.aiokafka_compat import poll_with
from services.common.messaging.consumer.batch_processor import BatchProcessor, Records
from services.common.messaging.consumer.crash_guard import CrashGuard, offset_ranges_of
from services.common.messaging.consumer.crash_journal import CrashJournal
from services.common.messaging.consumer.faststream_subscriber import STOP_WITHIN, faststream_subscriber
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offset_committer import OffsetCommitter
from services.common.messaging.consumer.offsets import Offsets, held_back_in, lag
from services.common.messaging.consumer.poller import FairPoller
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.processor import Processor, ReportsProgress
from services.common.messaging.records.dead_letters import DeadLetters
from services.common.messaging.records.redrive import Redrives
from services.common.runtime.backoff import sleep_with_jitter
from services.common.telemetry.logging import where

log = structlog.get_logger()

START_WITHIN: Final = 15.0
"""Seconds the broker has to take a member in."""

HANDOVER_WAIT: Final = 10.0
"""Seconds a rebalance waits for the batch in flight and its commit."""

SETTLE_WITHIN: Final = 2.0
"""Seconds that a member which leaves waits for a commit."""


class Subscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """All topics of one group, through one shape, one batch in flight."""

    def __init__(
        self,
        *,
        url: str,
        group: str,
        instance: str,
        topics: Sequence[str],
        processor: Processor,
        letters: DeadLetters,
        redrives: Redrives,
        journal: CrashJournal,
        fill_ms: int = 0,
    ) -> None:
        self.group = group
        self.topics = tuple(topics)
        self.health = ConsumerHealth(group)
        self.offsets = Offsets()
        self.between_batches = asyncio.Lock()
        if isinstance(processor, ReportsProgress):
            processor.report_progress = self.health.progressed
        # A rebalance and the first batch after it both learn: the batch must not pass while the other is half-way.
        self._learning = asyncio.Lock()
        self._committer = OffsetCommitter(lambda: self.consumer, self.health)
        self._leaving = False
        self._crash_guard = CrashGuard(
            BatchProcessor(group, processor, letters, redrives), journal, self.health.progressed
        )
        self._broker, self._subscriber = faststream_subscriber(url, group, instance, topics, self, fill_ms)
        self._subscriber(self._consume)
        self._poller = FairPoller(self.offsets, self.health)
        poll_with(self._subscriber, self._poller)

    @property
    def consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise BrokerUnavailable("not connected")
        return consumer

    async def start(self) -> None:
        """Connect and begin. Raises `Unavailable`; may be called again."""
        await self._crash_guard.begin()
        try:
            async with asyncio.timeout(START_WITHIN):
                await self._broker.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._leave()
            raise BrokerUnavailable(f"no connection ({type(error).__name__})") from None
        self.health.running = True
        self.health.progressed()

    async def stop(self) -> None:
        """Leave the group. To have hung, or to leave a batch unfinished, is an unclean end of this life."""
        hung = self.health.hung
        self._leaving = True
        await self._settle()
        await self._leave()
        if not hung and not self.between_batches.locked():
            await self._crash_guard.end()

    async def _leave(self) -> None:
        self.health.running = False
        try:
            async with asyncio.timeout(STOP_WITHIN + 2):
                await self._broker.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("subscription did not stop cleanly", group=self.group, because=type(error).__name__)
        self._committer.abandon()

    async def _settle(self) -> None:
        """Whoever has the partitions next is to find them where this member leaves them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN):
                await self._committer.drain()

    async def measure(self) -> bool:
        """Learn how many records wait; whether the broker said so. Takes ten seconds at most."""
        try:
            ends = await self.offsets.ends(self.consumer)
            processed_offsets = await self.processed_offsets()
            report_held_back = held_back_in(self.consumer)
        except (Unavailable, KafkaError, TimeoutError):
            return False
        self.health.report_lag(lag(ends, processed_offsets))
        self.health.report_held_back(report_held_back)
        return True

    async def processed_offsets(self) -> dict[TopicPartition, int]:
        """Up to where everything in each partition has ended. Raises `TimeoutError`."""
        return await self.offsets.processed_offsets(self.consumer, self._poller.in_hand)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait for the batch in flight and its commit, so that nothing is delivered twice by a mere rebalance."""
        try:
            async with asyncio.timeout(HANDOVER_WAIT), self.between_batches:
                await self._committer.drain()
        except TimeoutError:
            log.warning("partitions left with a batch in flight", group=self.group)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Learn where each partition stands. What is not learned now is learned before the first record is taken."""
        self._committer.abandon()
        self.health.report_answer()
        try:
            async with self._learning:
                await self._learn(assigned)
        except BrokerUnavailable as away:
            log.warning("offsets unknown after a rebalance", group=self.group, because=str(away))

    async def _learn(self, assigned: Collection[TopicPartition]) -> None:
        """Stop loudly where the log no longer reaches back to what was committed."""
        self.health.stopped = None
        try:
            gone = await self.offsets.learn(self.consumer, list(assigned))
            ARMED and reach(Failpoint.LOG_STARTS_KNOWN)
            ends = await self.offsets.ends(self.consumer) if self._crash_guard.needs_recovery else {}
        except (KafkaError, TimeoutError) as error:
            raise ConsumerUnresponsive(f"offsets unknown ({type(error).__name__})") from None
        if ends:
            self._crash_guard.enter_recovery(self.offsets.finished, ends)
        if gone:
            self._halt(gone)

    def _halt(self, gone: Sequence[TopicPartition]) -> None:
        self.consumer.pause(*gone)
        partitions = ", ".join(f"{tp.topic}/{tp.partition}" for tp in gone)
        self.health.stopped = f"records were deleted before {self.group} read them: {partitions}"
        log.critical("the log no longer holds unread records", group=self.group, partitions=partitions)

    async def _consume(self, records: Records) -> None:
        """One batch, start to end. Never raises: FastStream would drop the batch and pass it."""
        async with self.between_batches:
            extents = offset_ranges_of(records)
            first = {tp: extent[0] for tp, extent in extents.items()}
            try:
                if await self._must_poll_again(first):
                    return
                ARMED and reach(Failpoint.BATCH_READ)
                await self._crash_guard.process(records)
                ARMED and reach(Failpoint.TAKEN)
                await self._ended({tp: extent[1] for tp, extent in extents.items()})
                self._poller.went_well()
                if self._leaving:
                    await self._settle()
            except Exception as error:
                await self._step_back(first, error)

    async def _must_poll_again(self, first: Mapping[TopicPartition, int]) -> bool:
        """Whether a partition's next record is not the one that should follow; then all are polled again.

        Where the log was cut while we were behind, the partition stops, red and loud. Raises `BrokerUnavailable`.
        """
        async with self._learning:
            if self.offsets.unknown:
                await self._learn(self.offsets.unknown)
        ARMED and reach(Failpoint.OFFSETS_LEARNED)
        gaps = self.offsets.gaps(first)
        if not gaps:
            return False
        self._seek({**first, **{tp: finished for tp, (finished, _) in gaps.items()}})
        try:
            gone = await self.offsets.cut(self.consumer, gaps)
        except (KafkaError, TimeoutError) as error:
            raise ConsumerUnresponsive(f"a gap cannot be judged yet ({type(error).__name__})") from None
        if gone:
            self._halt(gone)
        return True

    async def _ended(self, after: Mapping[TopicPartition, int]) -> None:
        held = self.consumer.assignment()
        ours = {tp: offset for tp, offset in after.items() if tp in held}
        self.health.progressed()
        self.offsets.advance(ours)
        await self._committer.commit(ours)

    async def _step_back(self, first: Mapping[TopicPartition, int], error: Exception) -> None:
        """Poll the same records again after a short wait. An outage has no limit and counts no try."""
        self._poller.went_wrong()
        if isinstance(error, Unavailable):
            if isinstance(error, ConsumerUnresponsive):
                self.health.report_unresponsive(str(error))
            else:
                self.health.report_outage(str(error))
            log.warning("stepping back", group=self.group, because=str(error))
        else:
            self.health.report_outage(f"kernel error: {type(error).__name__}")
            log.critical("kernel error", group=self.group, error=type(error).__name__, exc_info=where(error))
        self._seek(first)
        await sleep_with_jitter()
        ARMED and reach(Failpoint.STEPPED_BACK)

    def _seek(self, first: Mapping[TopicPartition, int]) -> None:
        """Let the partitions that are still ours be polled from `first` again."""
        with suppress(IllegalStateError, BrokerUnavailable):
            for tp in self.consumer.assignment() & first.keys():
                self.consumer.seek(tp, first[tp])
