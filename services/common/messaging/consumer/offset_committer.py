"""Commits offsets in the background, because a commit takes as long as a save.

Only one commit is in progress at a time, and at most one more batch is processed meanwhile. After a crash the fatal
record is therefore in one of two batches (`crash_guard.py`). Records that were processed but not committed are
redelivered, and the inbox recognises them.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from services.common.messaging.consumer.health import ConsumerHealth
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.runtime.backoff import sleep_with_jitter

log = structlog.get_logger()

COMMIT_TIMEOUT: Final = 10.0
"""Seconds that the broker has to answer a commit."""


class OffsetCommitter:
    """Commits the offsets of one group member. A failed commit is retried until it succeeds or is abandoned."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], health: ConsumerHealth) -> None:
        self._consumer = consumer
        self._health = health
        self._task: asyncio.Task[None] | None = None

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Wait for the previous commit, then start this one in the background.

        `offsets` are the offsets after the last processed records. If a rebalance abandons the previous commit during the
        wait, this commit is not started: the partitions may belong to another member.
        """
        previous = self._task
        await self.drain()
        if offsets and self._task is previous:
            self._task = asyncio.create_task(self._commit_with_retries(offsets))

    async def drain(self) -> None:
        """Return once no commit is in progress."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def abandon(self) -> None:
        """Cancel the commit in progress, after a rebalance or at shutdown: aiokafka would go on retrying it."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _commit_with_retries(self, offsets: Mapping[TopicPartition, int]) -> None:
        while True:
            try:
                await self._commit(offsets)
                ARMED and reach(Failpoint.COMMITTED)
                return
            except (CommitFailedError, IllegalStateError):
                log.info("not committed: the partitions were reassigned", group=self._health.name)
                return
            except Exception as error:
                seconds = COMMIT_TIMEOUT if isinstance(error, TimeoutError) else 0.0
                self._health.report_unresponsive(f"commit failed ({type(error).__name__})", seconds)
                log.warning("commit failed", group=self._health.name, because=type(error).__name__)
                await sleep_with_jitter()

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        consumer = self._consumer()
        assigned = consumer.assignment()
        if owned := {tp: offset for tp, offset in offsets.items() if tp in assigned}:
            async with asyncio.timeout(COMMIT_TIMEOUT):
                await consumer.commit(owned)
            self._health.report_answer()
