"""Discard dead letters: their records will never be processed, and the records parked behind them come next.

Only the service that owns a blocked document unblocks it. An empty, signed record asks the service to do so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from deploy.operator.audit import Audit
from deploy.operator.dead_letters import DeadLetter
from deploy.operator.group_progress import STALL_SECONDS, wait_until_processed
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.plan import LetterQueue, SkippedQueue, parked_records
from deploy.operator.redriving import BATCH_SIZE, Progress
from deploy.operator.session import OperatorSession
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.redrive import Redrive, Redrives


@dataclass(frozen=True, slots=True)
class PlannedDiscard:
    """A dead letter to discard, and its queue."""

    letter: DeadLetter
    queue: LetterQueue


def plan_discards(queues: Sequence[LetterQueue], chosen: LetterFilter, most: int | None) -> list[PlannedDiscard]:
    """At most `most` of the dead letters that match the filter; never the others in their queues."""
    matching = [PlannedDiscard(letter, queue) for queue in queues for letter in queue.letters if chosen.matches(letter)]
    return matching[:most]


@dataclass(slots=True)
class Discarder:
    session: OperatorSession
    audit: Audit
    progress: Progress
    stall_seconds: float = STALL_SECONDS
    skipped: list[SkippedQueue] = field(default_factory=list)

    async def run(self, planned: Sequence[PlannedDiscard]) -> None:
        """Discard all that is planned. Raises OperatorError when a group processes nothing."""
        for first in range(0, len(planned), BATCH_SIZE):
            await self._discard(planned[first : first + BATCH_SIZE])

    async def _discard(self, batch: Sequence[PlannedDiscard]) -> None:
        for group in dict.fromkeys(each.letter.group for each in batch):
            own = [each for each in batch if each.letter.group == group]
            records = [record for each in own for record in _unblock_records(each, self.session.redrives)]
            end_offsets = await self.session.append(records)
            ARMED and reach(Failpoint.OPERATION_APPENDED)
            await wait_until_processed(self.session.admin, group, end_offsets, self.stall_seconds)
            ARMED and reach(Failpoint.OPERATION_PROCESSED)
        documents = [document for each in batch for document in each.queue.documents]
        parked = parked_records(await self.session.stores.still_blocked(documents))
        ended = [each.letter for each in batch if each.letter.record not in parked]
        self.skipped += [
            SkippedQueue(each.queue, "its document still waits for it", tried=True)
            for each in batch
            if each.letter.record in parked
        ]
        await self.audit.letters_ended("discarded", [letter.ref for letter in ended])
        ARMED and reach(Failpoint.OPERATION_RECORDED)
        self.progress(len(ended))


def _unblock_records(planned: PlannedDiscard, redrives: Redrives) -> Iterator[ProducerRecord]:
    """One record for each document that waits for the dead letter; often there is no such document."""
    letter = planned.letter
    for document in planned.queue.documents:
        if letter.position in {parked.position for parked in document.records}:
            key = document.key.encode()
            redrive = Redrive(letter.group, letter.position, letter.at, frees=document.key)
            headers = redrives.signed_headers(redrive, key, b"")
            yield ProducerRecord(letter.position.topic, key, b"", headers, letter.position.partition)
