"""One consumer group's subscription: FastStream delivers the batches, the kernel processes and commits them."""

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
from services.common.messaging.consumer.faststream_subscriber import STOP_TIMEOUT, faststream_subscriber
from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.consumer.offset_committer import OffsetCommitter
from services.common.messaging.consumer.offsets import OffsetTracker, lag, open_transactions
from services.common.messaging.consumer.poller import FairPoller
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.processor import Processor, ReportsProgress
from services.common.messaging.records.dead_letters import DeadLetters
from services.common.messaging.records.redrive import Redrives
from services.common.runtime.backoff import sleep_with_jitter
from services.common.telemetry.logging import redacted_exc_info

log = structlog.get_logger()

START_TIMEOUT: Final = 15.0
"""Seconds to connect and join the group."""

REVOKE_TIMEOUT: Final = 10.0
"""Seconds that a rebalance waits for the batch in progress and its commit."""

DRAIN_TIMEOUT: Final = 2.0
"""Seconds that a stopping member waits for its last commit."""


class Subscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """Consumes all topics of one group through one processor, one batch at a time."""

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
        self.offsets = OffsetTracker()
        self.batch_lock = asyncio.Lock()
        if isinstance(processor, ReportsProgress):
            processor.report_progress = self.health.progressed
        # The rebalance callback and the first batch after it both load offsets: the batch waits until they are complete.
        self._offsets_lock = asyncio.Lock()
        self._committer = OffsetCommitter(lambda: self.consumer, self.health)
        self._stopping = False
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
        """Connect and start consuming. Raises `Unavailable`; may be called again."""
        await self._crash_guard.start()
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._broker.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._disconnect()
            raise BrokerUnavailable(f"no connection ({type(error).__name__})") from None
        self.health.running = True
        self.health.progressed()

    async def stop(self) -> None:
        """Commit and leave the group. A hung consumer or an unfinished batch is not journalled as a clean end."""
        hung = self.health.hung
        self._stopping = True
        await self._drain_commits()
        await self._disconnect()
        if not hung and not self.batch_lock.locked():
            await self._crash_guard.stop()

    async def _disconnect(self) -> None:
        self.health.running = False
        try:
            async with asyncio.timeout(STOP_TIMEOUT + 2):
                await self._broker.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("subscription did not stop cleanly", group=self.group, because=type(error).__name__)
        self._committer.abandon()

    async def _drain_commits(self) -> None:
        """Wait for the commit in progress, so that the next owner of the partitions gets no record twice."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT):
                await self._committer.drain()

    async def measure(self) -> bool:
        """Measure the lag and report it to `health`. False if the broker does not answer, after ten seconds at most."""
        try:
            ends = await self.offsets.end_offsets(self.consumer)
            processed_offsets = await self.processed_offsets()
            transactions = open_transactions(self.consumer)
        except (Unavailable, KafkaError, TimeoutError):
            return False
        self.health.report_lag(lag(ends, processed_offsets))
        self.health.report_open_transactions(transactions)
        return True

    async def processed_offsets(self) -> dict[TopicPartition, int]:
        """The offset of each partition before which everything has been processed. Raises `TimeoutError`."""
        return await self.offsets.processed_offsets(self.consumer, self._poller.polled)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait for the batch in progress and its commit, so that a rebalance alone redelivers nothing."""
        try:
            async with asyncio.timeout(REVOKE_TIMEOUT), self.batch_lock:
                await self._committer.drain()
        except TimeoutError:
            log.warning("partitions revoked during a batch", group=self.group)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Load the committed offsets. If the broker does not answer, the first batch tries again."""
        self._committer.abandon()
        self.health.report_answer()
        try:
            async with self._offsets_lock:
                await self._load_offsets(assigned)
        except BrokerUnavailable as unavailable:
            log.warning("offsets unknown after a rebalance", group=self.group, because=str(unavailable))

    async def _load_offsets(self, assigned: Collection[TopicPartition]) -> None:
        """Load committed offsets, enter recovery if needed, and halt partitions that lost records before we read them."""
        self.health.halted = None
        try:
            truncated = await self.offsets.load_committed(self.consumer, list(assigned))
            ARMED and reach(Failpoint.LOG_STARTS_KNOWN)
            ends = await self.offsets.end_offsets(self.consumer) if self._crash_guard.needs_recovery else {}
        except (KafkaError, TimeoutError) as error:
            raise ConsumerUnresponsive(f"offsets unknown ({type(error).__name__})") from None
        if ends:
            self._crash_guard.enter_recovery(self.offsets.next_offsets, ends)
        if truncated:
            self._halt(truncated)

    def _halt(self, truncated: Sequence[TopicPartition]) -> None:
        """Pause partitions whose unread records were deleted: an operator must decide what to do about the loss."""
        self.consumer.pause(*truncated)
        partitions = ", ".join(f"{tp.topic}/{tp.partition}" for tp in truncated)
        self.health.halted = f"records were deleted before {self.group} read them: {partitions}"
        log.critical("unread records were deleted", group=self.group, partitions=partitions)

    async def _consume(self, records: Records) -> None:
        """Process one batch and commit it. Never raises: FastStream would drop the batch, and a later commit skip it."""
        async with self.batch_lock:
            ranges = offset_ranges_of(records)
            first = {tp: each[0] for tp, each in ranges.items()}
            try:
                if await self._seek_to_gaps(first):
                    return
                ARMED and reach(Failpoint.BATCH_READ)
                await self._crash_guard.process(records)
                ARMED and reach(Failpoint.PROCESSED)
                await self._mark_processed({tp: each[1] for tp, each in ranges.items()})
                self._poller.grow_batches()
                if self._stopping:
                    await self._drain_commits()
            except Exception as error:
                await self._retry_later(first, error)

    async def _seek_to_gaps(self, first: Mapping[TopicPartition, int]) -> bool:
        """Whether records are missing before this batch; then the batch is dropped, and polled again from the gaps.

        If the missing records were deleted from the log, the partition is halted. Raises `BrokerUnavailable`.
        """
        async with self._offsets_lock:
            if self.offsets.unresolved:
                await self._load_offsets(self.offsets.unresolved)
        ARMED and reach(Failpoint.OFFSETS_LEARNED)
        gaps = self.offsets.find_gaps(first)
        if not gaps:
            return False
        self._seek({**first, **{tp: expected for tp, (expected, _) in gaps.items()}})
        try:
            truncated = await self.offsets.find_truncated(self.consumer, gaps)
        except (KafkaError, TimeoutError) as error:
            raise ConsumerUnresponsive(f"a gap cannot be checked yet ({type(error).__name__})") from None
        if truncated:
            self._halt(truncated)
        return True

    async def _mark_processed(self, after: Mapping[TopicPartition, int]) -> None:
        """Record and commit the offsets of partitions that are still assigned."""
        assigned = self.consumer.assignment()
        owned = {tp: offset for tp, offset in after.items() if tp in assigned}
        self.health.progressed()
        self.offsets.mark_processed(owned)
        await self._committer.commit(owned)

    async def _retry_later(self, first: Mapping[TopicPartition, int], error: Exception) -> None:
        """Seek back to the batch's start, and wait before it is polled again. Retries are unlimited and not counted."""
        self._poller.shrink_batches()
        if isinstance(error, Unavailable):
            if isinstance(error, ConsumerUnresponsive):
                self.health.report_unresponsive(str(error))
            else:
                self.health.report_outage(str(error))
            log.warning("batch will be retried", group=self.group, because=str(error))
        else:
            self.health.report_outage(f"kernel error: {type(error).__name__}")
            log.critical(
                "kernel error", group=self.group, error=type(error).__name__, exc_info=redacted_exc_info(error)
            )
        self._seek(first)
        await sleep_with_jitter()
        ARMED and reach(Failpoint.WILL_RETRY)

    def _seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Continue at these offsets, in the partitions that are still assigned."""
        with suppress(IllegalStateError, BrokerUnavailable):
            for tp in self.consumer.assignment() & offsets.keys():
                self.consumer.seek(tp, offsets[tp])
