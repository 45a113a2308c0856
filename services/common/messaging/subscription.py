"""One consumer group's subscription: FastStream carries the batches, the kernel decides how each record ends."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from services.common.errors import Away, BrokerAway, CutOff
from services.common.messaging.aiokafka_compat import poll_with
from services.common.messaging.batch import BatchTaker, Records
from services.common.messaging.careful import CarefulTaker, extents_of
from services.common.messaging.carrier import STOP_WITHIN, carrier
from services.common.messaging.committing import Committer
from services.common.messaging.dead_letters import DeadLetters
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.lives import Lives, Past
from services.common.messaging.offsets import Offsets, held_back_in, lag
from services.common.messaging.polling import Poller
from services.common.messaging.progress import Progress
from services.common.messaging.redrive import Redrives
from services.common.messaging.shape import Shape, Stepwise
from services.common.patience import step_back
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
        shape: Shape,
        letters: DeadLetters,
        redrives: Redrives,
        lives: Lives,
        fill_ms: int = 0,
    ) -> None:
        self.group = group
        self.topics = tuple(topics)
        self.progress = Progress(group)
        self.offsets = Offsets()
        self.between_batches = asyncio.Lock()
        if isinstance(shape, Stepwise):
            shape.moved = self.progress.moved
        # A rebalance and the first batch after it both learn: the batch must not pass while the other is half-way.
        self._learning = asyncio.Lock()
        self._committer = Committer(lambda: self.consumer, self.progress)
        self._leaving = False
        self._taker = CarefulTaker(BatchTaker(group, shape, letters, redrives), lives, self.progress.moved)
        self._broker, self._subscriber = carrier(url, group, instance, topics, self, fill_ms)
        self._subscriber(self._consume)
        self._poller = Poller(self.offsets, self.progress)
        poll_with(self._subscriber, self._poller)

    @property
    def past(self) -> Past:
        """How this member's life before ended. Known once it has started."""
        assert self._taker.past is not None
        return self._taker.past

    @property
    def consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise BrokerAway("not connected")
        return consumer

    async def start(self) -> None:
        """Connect and begin. Raises `Away`; may be called again."""
        await self._taker.begin()
        try:
            async with asyncio.timeout(START_WITHIN):
                await self._broker.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._leave()
            raise BrokerAway(f"no connection ({type(error).__name__})") from None
        self.progress.running = True
        self.progress.moved()

    async def stop(self) -> None:
        """Leave the group. To have hung, or to leave a batch unfinished, is an unclean end of this life."""
        hung = self.progress.hung
        self._leaving = True
        await self._settle()
        await self._leave()
        if not hung and not self.between_batches.locked():
            await self._taker.end()

    async def _leave(self) -> None:
        self.progress.running = False
        try:
            async with asyncio.timeout(STOP_WITHIN + 2):
                await self._broker.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("subscription did not stop cleanly", group=self.group, because=type(error).__name__)
        self._committer.give_up()

    async def _settle(self) -> None:
        """Whoever has the partitions next is to find them where this member leaves them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN):
                await self._committer.settled()

    async def measure(self) -> bool:
        """Learn how many records wait; whether the broker said so. Takes ten seconds at most."""
        try:
            ends = await self.offsets.ends(self.consumer)
            standing = await self.standing()
            held_back = held_back_in(self.consumer)
        except (Away, KafkaError, TimeoutError):
            return False
        self.progress.measured(lag(ends, standing))
        self.progress.held_back(held_back)
        return True

    async def standing(self) -> dict[TopicPartition, int]:
        """Up to where everything in each partition has ended. Raises `TimeoutError`."""
        return await self.offsets.standing(self.consumer, self._poller.in_hand)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait for the batch in flight and its commit, so that nothing is delivered twice by a mere rebalance."""
        try:
            async with asyncio.timeout(HANDOVER_WAIT), self.between_batches:
                await self._committer.settled()
        except TimeoutError:
            log.warning("partitions left with a batch in flight", group=self.group)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Learn where each partition stands. What is not learned now is learned before the first record is taken."""
        self._committer.give_up()
        self.progress.answered()
        try:
            async with self._learning:
                await self._learn(assigned)
        except BrokerAway as away:
            log.warning("offsets unknown after a rebalance", group=self.group, because=str(away))

    async def _learn(self, assigned: Collection[TopicPartition]) -> None:
        """Stop loudly where the log no longer reaches back to what was committed."""
        self.progress.stopped = None
        try:
            gone = await self.offsets.learn(self.consumer, list(assigned))
            ARMED and reach(Failpoint.LOG_STARTS_KNOWN)
            ends = await self.offsets.ends(self.consumer) if self._taker.must_beware else {}
        except (KafkaError, TimeoutError) as error:
            raise CutOff(f"offsets unknown ({type(error).__name__})") from None
        if ends:
            self._taker.beware(self.offsets.finished, ends)
        if gone:
            self._halt(gone)

    def _halt(self, gone: Sequence[TopicPartition]) -> None:
        self.consumer.pause(*gone)
        partitions = ", ".join(f"{tp.topic}/{tp.partition}" for tp in gone)
        self.progress.stopped = f"records were deleted before {self.group} read them: {partitions}"
        log.critical("the log no longer holds unread records", group=self.group, partitions=partitions)

    async def _consume(self, records: Records) -> None:
        """One batch, start to end. Never raises: FastStream would drop the batch and pass it."""
        async with self.between_batches:
            extents = extents_of(records)
            first = {tp: extent[0] for tp, extent in extents.items()}
            try:
                if await self._must_poll_again(first):
                    return
                ARMED and reach(Failpoint.BATCH_READ)
                await self._taker.take(records)
                ARMED and reach(Failpoint.TAKEN)
                await self._ended({tp: extent[1] for tp, extent in extents.items()})
                self._poller.went_well()
                if self._leaving:
                    await self._settle()
            except Exception as error:
                await self._step_back(first, error)

    async def _must_poll_again(self, first: Mapping[TopicPartition, int]) -> bool:
        """Whether a partition's next record is not the one that should follow; then all are polled again.

        Where the log was cut while we were behind, the partition stops, red and loud. Raises `BrokerAway`.
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
            raise CutOff(f"a gap cannot be judged yet ({type(error).__name__})") from None
        if gone:
            self._halt(gone)
        return True

    async def _ended(self, after: Mapping[TopicPartition, int]) -> None:
        held = self.consumer.assignment()
        ours = {tp: offset for tp, offset in after.items() if tp in held}
        self.progress.moved()
        self.offsets.advance(ours)
        await self._committer.ended(ours)

    async def _step_back(self, first: Mapping[TopicPartition, int], error: Exception) -> None:
        """Poll the same records again after a short wait. An outage has no limit and counts no try."""
        self._poller.went_wrong()
        if isinstance(error, Away):
            if isinstance(error, CutOff):
                self.progress.cut_off(str(error))
            else:
                self.progress.declare(str(error))
            log.warning("stepping back", group=self.group, because=str(error))
        else:
            self.progress.declare(f"kernel error: {type(error).__name__}")
            log.critical("kernel error", group=self.group, error=type(error).__name__, exc_info=where(error))
        self._seek(first)
        await step_back()
        ARMED and reach(Failpoint.STEPPED_BACK)

    def _seek(self, first: Mapping[TopicPartition, int]) -> None:
        """Let the partitions that are still ours be polled from `first` again."""
        with suppress(IllegalStateError, BrokerAway):
            for tp in self.consumer.assignment() & first.keys():
                self.consumer.seek(tp, first[tp])
