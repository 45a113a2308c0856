"""How the records of a batch end: unreadable ones go to the dead letters, the rest through the shape.

If the shape raises, the batch is taken again in halves until the record that raises stands alone: in order, and at the
cost of a few batches however large it was.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from services.common.domain.errors import Poison, Unavailable
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import IncomingRecord, Processor
from services.common.messaging.records.dead_letters import DeadLetter, DeadLetters
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import Redrive, Redrives
from services.common.messaging.spans import receiving
from services.common.telemetry import metrics
from services.common.telemetry.logging import where

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

Records = Sequence["ConsumerRecord[bytes, bytes]"]

MAX_RECORDS: Final = 500
"""Records of one batch."""


class BatchProcessor:
    """One group's way of taking records. Raises only `Unavailable`, or what our own kernel got wrong."""

    def __init__(self, group: str, processor: Processor, letters: DeadLetters, redrives: Redrives) -> None:
        self._group = group
        self._processor = processor
        self._letters = letters
        self._redrives = redrives

    async def process(self, records: Records) -> None:
        batch, unreadable, freeing = self._read(records)
        if unreadable:
            await self._letters.send(unreadable)
            ARMED and reach(Failpoint.UNREADABLE_DEAD_LETTERED)
            metrics.ended(self._group, Outcome.DEAD_LETTERED, len(unreadable))
        for redrive in freeing:
            await self._processor.free(redrive.frees, redrive.position)
            ARMED and reach(Failpoint.FREED)
        metrics.ended(self._group, Outcome.APPLIED, len(freeing))
        with receiving(self._group, batch) as traced:
            await self._apply(traced)

    def _read(self, records: Records) -> tuple[list[IncomingRecord], list[DeadLetter], list[Redrive]]:
        """What is to be taken, what cannot be read, and what only frees a document."""
        batch: list[IncomingRecord] = []
        unreadable: list[DeadLetter] = []
        freeing: list[Redrive] = []
        for record in records:
            redrive = None
            try:
                redrive = self._redrives.of(record)
                # A record redriven for another group has been applied here, or waits here, under its first position.
                if redrive is not None and redrive.group != self._group:
                    continue
                if redrive is not None and redrive.frees:
                    freeing.append(redrive)
                else:
                    batch.append(IncomingRecord(read(record, redrive), record))
            except Poison as poison:
                unreadable.append(DeadLetter.unreadable(record, poison.reason, redrive))
        return batch, unreadable, freeing

    async def _apply(self, batch: Sequence[IncomingRecord]) -> None:
        if not batch:
            return
        error = await self._attempt(batch)
        ARMED and reach(Failpoint.BATCH_TAKEN)
        if error is None:
            return
        if len(batch) == 1:
            await self._end_failed(batch[0], error)
            ARMED and reach(Failpoint.SET_ASIDE)
            return
        middle = len(batch) // 2
        await self._apply(batch[:middle])
        ARMED and reach(Failpoint.FIRST_HALF_TAKEN)
        await self._apply(batch[middle:])

    async def _attempt(self, batch: Sequence[IncomingRecord]) -> Exception | None:
        """What the shape raised, if it was the batch's own doing."""
        try:
            ends = await self._processor.process(batch)
        except Unavailable:
            raise
        except Exception as error:
            return error
        for end in Outcome:
            metrics.ended(self._group, end, ends.count(end))
        return None

    async def end_untried(self, record: "ConsumerRecord[bytes, bytes]", reason: str, *, unread: bool) -> None:
        """End a record that must not be taken: its documents wait. One that cannot even be read leaves a letter only."""
        batch, letters, _ = ([], [DeadLetter.unreadable(record, reason)], ()) if unread else self._read([record])
        for incoming in batch:
            await self._park(incoming, reason)
        ARMED and reach(Failpoint.PARKED_UNTRIED)
        await self._letters.send(letters)
        metrics.ended(self._group, Outcome.DEAD_LETTERED, 1)

    async def _end_failed(self, incoming: IncomingRecord, error: Exception) -> None:
        """End a record that can never be applied, or that our own bug cannot apply."""
        if isinstance(error, Poison):
            ending = self._end(incoming, error)
        else:
            reason = f"bug:{type(error).__name__}"
            log.critical("a record cannot be applied", group=self._group, because=reason, exc_info=where(error))
            ending = self._park(incoming, reason)
        await ending
        metrics.ended(self._group, Outcome.DEAD_LETTERED, 1)

    async def _end(self, incoming: IncomingRecord, poison: Poison) -> None:
        await self._letters.send([DeadLetter.of(incoming, poison.reason)])
        ARMED and reach(Failpoint.POISON_DEAD_LETTERED)
        if incoming.redriven:
            await self._processor.release(incoming)

    async def _park(self, incoming: IncomingRecord, reason: str) -> None:
        await self._letters.send([DeadLetter.of(incoming, reason)])
        ARMED and reach(Failpoint.BUG_DEAD_LETTERED)
        await self._processor.block(incoming)
