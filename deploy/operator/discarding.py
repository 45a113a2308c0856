"""Discard dead letters: their records will never be processed, and the records parked behind them come next.

Only the service that owns a blocked document unblocks it. A signed record asks the service to do so; it has the content of a
department's command, so that routing answers it. Other records are empty.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from deploy.operator.audit import Audit
from deploy.operator.dead_letters import DeadLetter, original_headers, read_contents
from deploy.operator.group_progress import STALL_SECONDS, wait_until_processed
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.log import Record
from deploy.operator.plan import LetterQueue, SkippedQueue, parked_records
from deploy.operator.redriving import BATCH_SIZE, Progress
from deploy.operator.session import OperatorSession
from services.common.messaging.consumer.crash_guard import FATAL
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.dead_letters import UNANSWERED
from services.common.messaging.records.redrive import NO_DOCUMENT, Redrive, Redrives


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
        commands = await read_contents(self.session.log, [each.letter for each in batch if each.letter.is_command])
        for group in dict.fromkeys(each.letter.group for each in batch):
            own = [each for each in batch if each.letter.group == group]
            records = [
                record
                for each in own
                for record in discard_records(each, commands.get(each.letter.id), self.session.redrives)
            ]
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


def discard_records(planned: PlannedDiscard, command: Record | None, redrives: Redrives) -> Iterator[ProducerRecord]:
    """One record for each document that waits for the dead letter; often there is no such document.

    `command`: the record of a department's command, unless it is gone. If no document waits for a command that was not
    answered, one record without its value: a command that killed its process must not be parsed.
    """
    letter = planned.letter
    waiting = [
        each.key for each in planned.queue.documents if letter.position in {one.position for one in each.records}
    ]
    for document in waiting or [NO_DOCUMENT] * _is_unanswered(letter):
        key, value = (document.encode(), b"") if command is None else (command.key, command.value if waiting else b"")
        redrive = Redrive(letter.group, letter.position, letter.at, frees=document)
        headers = redrives.signed_headers(redrive, key, value, () if command is None else original_headers(command))
        yield ProducerRecord(letter.position.topic, key, value, headers, letter.position.partition)


def _is_unanswered(letter: DeadLetter) -> bool:
    """Whether the letter is a command that neither a rejection nor a blocked document accounts for."""
    return letter.is_command and letter.reason.startswith((FATAL, UNANSWERED))
