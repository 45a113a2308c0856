"""Redrive dead letters: append the next records of every queue for their group, and wait until they are processed.

Records of one queue that came from one partition are appended together. The next partition follows when they are
processed: a group reads its topics in no fixed order. A killed redrive is safe: the group processes the appended
records, or recognises them as duplicates.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import TopicPartition

from deploy.operator.audit import Audit
from deploy.operator.dead_letters import DeadLetter, original_headers, read_contents, read_dead_letters
from deploy.operator.group_progress import STALL_SECONDS, RateLimiter, wait_until_processed
from deploy.operator.log import Record
from deploy.operator.plan import LetterQueue, SkippedQueue, parked_records
from deploy.operator.session import OperatorSession
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.redrive import Redrive, Redrives

BATCH_SIZE: Final = 200
"""Records that are appended before the redrive waits for their group."""

Progress = Callable[[int], None]
"""Called with the number of records that have ended since the last call."""


@dataclass(slots=True)
class QueueProgress:
    """A queue, and how many of its dead letters are `done`."""

    queue: LetterQueue
    done: int = 0

    def next_run(self, most: int) -> list[DeadLetter]:
        """At most `most` of the next dead letters, all from one partition."""
        run: list[DeadLetter] = []
        for letter in self.queue.letters[self.done :]:
            if len(run) == most or (run and _partition(letter) != _partition(run[0])):
                break
            run.append(letter)
        return run


@dataclass(slots=True)
class Redriver:
    """`skipped`: the rest of every queue in which a record failed again or a dead letter was gone."""

    session: OperatorSession
    audit: Audit
    rate_limiter: RateLimiter
    progress: Progress
    stall_seconds: float = STALL_SECONDS
    skipped: list[SkippedQueue] = field(default_factory=list)

    async def run(self, queues: Sequence[LetterQueue]) -> None:
        """Redrive all `queues`. Raises OperatorError when a group processes nothing."""
        pending = [QueueProgress(queue) for queue in queues]
        while pending:
            await self._redrive(self._next_batch(pending))
            stopped = {id(skipped.queue) for skipped in self.skipped}
            pending = [
                each for each in pending if each.done < len(each.queue.letters) and id(each.queue) not in stopped
            ]

    def _next_batch(self, pending: Sequence[QueueProgress]) -> list[tuple[QueueProgress, list[DeadLetter]]]:
        remaining, batch = min(BATCH_SIZE, self.rate_limiter.rate), []
        for progress in pending:
            if remaining == 0:
                break
            run = progress.next_run(remaining)
            remaining -= len(run)
            batch.append((progress, run))
        return batch

    async def _redrive(self, batch: Sequence[tuple[QueueProgress, list[DeadLetter]]]) -> None:
        letters = [letter for _, run in batch for letter in run]
        dlq_ends = await self._dlq_ends(letters)
        records = await read_contents(self.session.log, letters)
        present = [letter for letter in letters if letter.id in records]
        copies = {letter.id: redrive_record(letter, records[letter.id], self.session.redrives) for letter in present}
        await self._append(copies, present)
        ended = await self._check_results(batch, dlq_ends, records)
        await self.audit.letters_ended("redriven", [letter.ref for letter in ended])
        ARMED and reach(Failpoint.OPERATION_RECORDED)
        self.progress(len(ended))
        await self.rate_limiter.wait(len(letters))

    async def _append(self, copies: Mapping[str, ProducerRecord], letters: Sequence[DeadLetter]) -> None:
        for group in dict.fromkeys(letter.group for letter in letters):
            own = [copies[letter.id] for letter in letters if letter.group == group]
            end_offsets = await self.session.append(own)
            ARMED and reach(Failpoint.OPERATION_APPENDED)
            await wait_until_processed(self.session.admin, group, end_offsets, self.stall_seconds)
            ARMED and reach(Failpoint.OPERATION_PROCESSED)

    async def _dlq_ends(self, letters: Sequence[DeadLetter]) -> dict[TopicPartition, int]:
        """The end offsets of the dead-letter topics: a record that fails again is appended after them."""
        ranges = await self.session.log.extents(sorted({_dlq_partition(letter) for letter in letters}))
        return {tp: end for tp, (_, end) in ranges.items()}

    async def _check_results(
        self,
        batch: Sequence[tuple[QueueProgress, list[DeadLetter]]],
        dlq_ends: Mapping[TopicPartition, int],
        records: Mapping[str, Record],
    ) -> list[DeadLetter]:
        """The dead letters that ended. Where one has not, the rest of its queue is skipped."""
        ranges = await self.session.log.extents(list(dlq_ends))
        added = {tp: (dlq_ends[tp], end) for tp, (_, end) in ranges.items()}
        failed = {letter.record: letter.reason for letter in await read_dead_letters(self.session.log, added)}
        documents = [document for progress, _ in batch for document in progress.queue.documents]
        parked = parked_records(await self.session.stores.still_blocked(documents))
        ended: list[DeadLetter] = []
        for progress, run in batch:
            for letter in run:
                reason = _failure(letter.id in records, failed.get(letter.record), letter.record in parked)
                if reason is not None:
                    self._skip_rest(progress, reason, tried=letter.id in records)
                    break
                progress.done += 1
                ended.append(letter)
        return ended

    def _skip_rest(self, progress: QueueProgress, reason: str, *, tried: bool) -> None:
        rest = LetterQueue(progress.queue.letters[progress.done :], progress.queue.documents)
        behind = "" if len(rest.letters) == 1 else "; the records behind it wait"
        self.skipped.append(SkippedQueue(rest, f"{reason}{behind}", tried))
        progress.done = len(progress.queue.letters)


def _failure(present: bool, failed: str | None, parked: bool) -> str | None:
    """Why a dead letter has not ended; None when it has. `failed`: the reason of its new dead letter."""
    if not present:
        return "its letter is gone meanwhile"
    if failed is not None:
        return f"it failed again ({failed})"
    return "it waits for a record that came before it" if parked else None


def redrive_record(letter: DeadLetter, record: Record, redrives: Redrives) -> ProducerRecord:
    """The record to append again: the same bytes, and a signed header that makes it valid for its group only."""
    redrive = Redrive(letter.group, letter.position, letter.at, letter.quiet)
    headers = redrives.signed_headers(redrive, record.key, record.value, original_headers(record))
    return ProducerRecord(letter.position.topic, record.key, record.value, headers, letter.position.partition)


def _partition(letter: DeadLetter) -> TopicPartition:
    return TopicPartition(letter.position.topic, letter.position.partition)


def _dlq_partition(letter: DeadLetter) -> TopicPartition:
    assert letter.dlq_position is not None
    return TopicPartition(letter.dlq_position.topic, letter.dlq_position.partition)
