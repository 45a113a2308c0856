"""Telling the broker how far a member has come: beside its work, for an answer takes as long as a save.

One commit is under way at a time, and what ends meanwhile goes with the next. What was not committed when its process died
is delivered again, and found in the inbox.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.progress import Progress
from services.common.patience import step_back

log = structlog.get_logger()

COMMIT_WITHIN: Final = 10.0
"""Seconds the broker has to answer."""

_LOST: Final = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)


class Committer:
    """Commits the newest offsets of one member, until the broker has taken them or they belong to somebody else."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer], progress: Progress) -> None:
        self._consumer = consumer
        self._progress = progress
        self._due: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None

    def ended(self, after: Mapping[TopicPartition, int]) -> None:
        """All records before these offsets have ended."""
        self._due.update(after)
        if self._due and (self._committing is None or self._committing.done()):
            self._committing = asyncio.create_task(self._commit_all())

    async def settled(self) -> None:
        """Return once nothing is due."""
        if self._committing is not None:
            await asyncio.wait([self._committing])

    def forget(self) -> None:
        """Partitions are given out anew: where they stand is learned from the broker."""
        self._due.clear()

    def stop(self) -> None:
        if self._committing is not None:
            self._committing.cancel()

    async def _commit_all(self) -> None:
        while due := dict(self._due):
            try:
                await self._commit(due)
                ARMED and reach(Failpoint.COMMITTED)
            except _LOST:
                log.info("partitions handed over", group=self._progress.name)
                self._due.clear()
            except Exception as error:
                seconds = COMMIT_WITHIN if isinstance(error, TimeoutError) else 0.0
                self._progress.cut_off(f"commit failed ({type(error).__name__})", seconds)
                log.warning("commit failed", group=self._progress.name, because=type(error).__name__)
                await step_back()
            else:
                self._due = {tp: offset for tp, offset in self._due.items() if due.get(tp) != offset}

    async def _commit(self, due: Mapping[TopicPartition, int]) -> None:
        consumer = self._consumer()
        held = consumer.assignment()
        if offsets := {tp: offset for tp, offset in due.items() if tp in held}:
            async with asyncio.timeout(COMMIT_WITHIN):
                await consumer.commit(offsets)
            self._progress.answered()
