"""Telling the broker how far a member has come: beside its work, for an answer takes as long as a save.

One commit is under way at a time. Only one batch beyond it is ever taken: a record that kills its process is looked for in
no more than two (`careful.py`). What was not committed when its process died is delivered again, and found in the inbox.
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

COMMIT_WITHIN: Final = 10.0
"""Seconds the broker has to answer."""


class OffsetCommitter:
    """Commits what one member has ended, until the broker has taken it or it belongs to somebody else."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], health: ConsumerHealth) -> None:
        self._consumer = consumer
        self._health = health
        self._committing: asyncio.Task[None] | None = None

    async def commit(self, after: Mapping[TopicPartition, int]) -> None:
        """All records before these offsets have ended. Waits for the commit before this one, and for no other.

        Given up meanwhile, they are not committed: their partitions may be somebody else's by now.
        """
        before = self._committing
        await self.drain()
        if after and self._committing is before:
            self._committing = asyncio.create_task(self._until_taken(after))

    async def drain(self) -> None:
        """Return once nothing is left to commit."""
        if self._committing is not None:
            await asyncio.wait([self._committing])

    def abandon(self) -> None:
        """Partitions are given out anew, or the member has left: the client library would go on trying."""
        if self._committing is not None:
            self._committing.cancel()
            self._committing = None

    async def _until_taken(self, after: Mapping[TopicPartition, int]) -> None:
        while True:
            try:
                await self._commit(after)
                ARMED and reach(Failpoint.COMMITTED)
                return
            except (CommitFailedError, IllegalStateError):
                log.info("partitions handed over", group=self._health.name)
                return
            except Exception as error:
                seconds = COMMIT_WITHIN if isinstance(error, TimeoutError) else 0.0
                self._health.report_unresponsive(f"commit failed ({type(error).__name__})", seconds)
                log.warning("commit failed", group=self._health.name, because=type(error).__name__)
                await sleep_with_jitter()

    async def _commit(self, after: Mapping[TopicPartition, int]) -> None:
        consumer = self._consumer()
        held = consumer.assignment()
        if offsets := {tp: offset for tp, offset in after.items() if tp in held}:
            async with asyncio.timeout(COMMIT_WITHIN):
                await consumer.commit(offsets)
            self._health.report_answer()
