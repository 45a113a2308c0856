"""Gives every record of a batch its outcome: the processor applies it, or it goes to a dead-letter topic.

Unreadable records are dead-lettered first. If the processor raises for the others, the batch is processed again in two
halves, and so on, until the record that raises is alone. This keeps the order, and costs about two batches for each
halving, however large the first batch was.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from services.common.domain.errors import Poison, Unavailable
from services.common.domain.poison import DISCARDED, PoisonRecord
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import DiscardedRecord, IncomingRecord, Processor
from services.common.messaging.records.dead_letters import BUG, DeadLetter, DeadLetters
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import Redrive, Redrives
from services.common.messaging.spans import processing_spans
from services.common.telemetry import metrics
from services.common.telemetry.logging import redacted_exc_info

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

Records = Sequence["ConsumerRecord[bytes, bytes]"]

MAX_RECORDS: Final = 500
"""Maximum records of one batch."""


class BatchProcessor:
    """Processes the batches of one consumer group.

    Raises `Unavailable` when an engine does not answer; the caller retries the whole batch. Any other exception is a bug
    of the kernel itself: exceptions of handlers end in a dead letter.
    """

    def __init__(self, group: str, processor: Processor, letters: DeadLetters, redrives: Redrives) -> None:
        self._group = group
        self._processor = processor
        self._letters = letters
        self._redrives = redrives

    async def process(self, records: Records) -> None:
        """Return once every record of the batch has its outcome. Safe to call again with the same records."""
        batch, unreadable, discards = self._read(records)
        if unreadable:
            await self._answer_and_dead_letter(unreadable)
            ARMED and reach(Failpoint.UNREADABLE_DEAD_LETTERED)
        for discarded in discards:
            await self._processor.discard(discarded)
            ARMED and reach(Failpoint.UNBLOCKED)
        metrics.count_records(self._group, Outcome.APPLIED, len(discards))
        with processing_spans(self._group, batch) as traced:
            await self._apply(traced)

    def _read(self, records: Records) -> tuple[list[IncomingRecord], list[DeadLetter], list[DiscardedRecord]]:
        """Sort records into readable ones, dead letters for unreadable ones, and discarded ones."""
        batch: list[IncomingRecord] = []
        unreadable: list[DeadLetter] = []
        discards: list[DiscardedRecord] = []
        for record in records:
            redrive = None
            try:
                redrive = self._redrives.of(record)
                # A record redriven for another group is skipped: this group got the original, at its first position.
                if redrive is not None and redrive.group != self._group:
                    continue
                if redrive is not None and redrive.frees:
                    discards.append(_discarded(record, redrive))
                else:
                    batch.append(IncomingRecord(read(record, redrive), record))
            except Poison as poison:
                unreadable.append(DeadLetter.unreadable(record, poison.reason, redrive))
        return batch, unreadable, discards

    async def _apply(self, batch: Sequence[IncomingRecord]) -> None:
        """Process the batch; if it raises, process its halves, down to the single record that raises."""
        if not batch:
            return
        error = await self._try_process(batch)
        ARMED and reach(Failpoint.BATCH_PROCESSED)
        if error is None:
            return
        if len(batch) == 1:
            await self._dead_letter_failed(batch[0], error)
            ARMED and reach(Failpoint.FAILED_DEAD_LETTERED)
            return
        middle = len(batch) // 2
        await self._apply(batch[:middle])
        ARMED and reach(Failpoint.FIRST_HALF_PROCESSED)
        await self._apply(batch[middle:])

    async def _try_process(self, batch: Sequence[IncomingRecord]) -> Exception | None:
        """The exception that the batch caused, or None. `Unavailable` is raised: the batch did not cause it."""
        try:
            outcomes = await self._processor.process(batch)
        except Unavailable:
            raise
        except Exception as error:
            return error
        for outcome in Outcome:
            metrics.count_records(self._group, outcome, outcomes.count(outcome))
        return None

    async def dead_letter_unprocessed(
        self, record: "ConsumerRecord[bytes, bytes]", reason: str, *, unparsed: bool
    ) -> None:
        """Dead-letter a record that must not be processed, and block its documents until it is redriven.

        With `unparsed` the record is not even parsed, so that its documents are unknown and stay unblocked.
        """
        batch, letters, _ = ([], [DeadLetter.unreadable(record, reason)], ()) if unparsed else self._read([record])
        for incoming in batch:
            await self._dead_letter_and_block(incoming, reason)
        ARMED and reach(Failpoint.FATAL_PARKED)
        await (self._dead_letter(letters) if unparsed else self._answer_and_dead_letter(letters))

    async def _dead_letter_failed(self, incoming: IncomingRecord, error: Exception) -> None:
        """Dead-letter a record that failed alone. Poison blocks nothing; our own bug blocks the record's documents."""
        if isinstance(error, Poison):
            dead_letter = self._dead_letter_poison(incoming, error)
        else:
            reason = f"{BUG}{type(error).__name__}"
            log.critical(
                "a record cannot be applied", group=self._group, because=reason, exc_info=redacted_exc_info(error)
            )
            dead_letter = self._dead_letter_and_block(incoming, reason)
        await dead_letter

    async def _dead_letter_poison(self, incoming: IncomingRecord, poison: Poison) -> None:
        await self._answer_and_dead_letter([DeadLetter.of(incoming, poison.reason)])
        ARMED and reach(Failpoint.POISON_DEAD_LETTERED)
        if incoming.redriven:
            await self._processor.unblock(incoming)

    async def _answer_and_dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        """Answer the authors of poison records, then dead-letter the records: a crash in between repeats both.

        The letter comes second, because it says if its author could not be answered.
        """
        unanswered = await self._processor.answer_poison([letter.poison for letter in letters])
        ARMED and reach(Failpoint.POISON_ANSWERED)
        await self._dead_letter([each.marked_unanswered() if each.position in unanswered else each for each in letters])

    async def _dead_letter_and_block(self, incoming: IncomingRecord, reason: str) -> None:
        """The letter is sent before the document lists the record as parked: a crash in between repeats both."""
        await self._dead_letter([DeadLetter.of(incoming, reason)])
        ARMED and reach(Failpoint.BUG_DEAD_LETTERED)
        await self._processor.block(incoming)

    async def _dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        await self._letters.send(letters)
        for letter in letters:
            metrics.count_records(self._group, letter.outcome, 1)


def _discarded(record: "ConsumerRecord[bytes, bytes]", redrive: Redrive) -> DiscardedRecord:
    """The record that an operator discarded. `record` has its key and headers, and its content if that may be parsed."""
    try:
        received = read(record, redrive) if record.value else None
    except Poison:
        received = None
    discarded = PoisonRecord(redrive.position, redrive.at, record.key, record.headers, DISCARDED)
    return DiscardedRecord(redrive.frees, discarded, received)
