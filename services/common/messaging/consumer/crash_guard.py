"""Finds a record that kills the process, and dead-letters it after a few restarts.

A record can kill the process: by a memory fault, an endless loop or too much memory. No exception handler sees that, and
Kafka redelivers the record to the next run. The guard finds it in three steps.

1. A run that starts after a crash enters recovery. The fatal record is in the batch that was being processed or in the
   one being committed, so recovery covers two batches from the committed offset of each partition. Batches in that range
   are written to the journal before they are processed.
2. If the process crashes again, the journalled batch is suspect. Its records are processed one at a time, those with the
   fewest attempts first, and each attempt is counted in the journal before it is made.
3. A record that has had `MAX_ATTEMPTS` attempts is dead-lettered without another one.

Outside recovery no batch is journalled, so that the guard costs nothing.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import TopicPartition

from services.common.domain.errors import StoreUnavailable
from services.common.domain.position import Position
from services.common.messaging.consumer.batch_processor import MAX_RECORDS, BatchProcessor, Records
from services.common.messaging.consumer.crash_journal import MAX_ATTEMPTS, CrashJournal, PreviousRun
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.records.dead_letters import BUG
from services.common.messaging.records.positions import OffsetRange, position_of

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

FATAL: Final = f"{BUG}killed-the-process"
"""The reason on the dead letter of a record that killed its process."""


class CrashGuard:
    """Passes batches to `batch_processor`, one record at a time where a record may be fatal.

    Raises what `batch_processor` raises, and `StoreUnavailable`. Calls `progressed` after each record processed alone.
    """

    def __init__(self, batch_processor: BatchProcessor, journal: CrashJournal, progressed: Callable[[], None]) -> None:
        self._batch_processor = batch_processor
        self._journal = journal
        self._report_progress = progressed
        self.previous_run: PreviousRun | None = None
        """How the previous run ended; None until the journal has been read."""
        self._recovery_entered = False
        # Offset ranges of the batch that the previous run had in the journal: the fatal record may be in them.
        self._suspects: dict[TopicPartition, OffsetRange] = {}
        # Partition → offset below which batches are still journalled before they are processed.
        self._recovery_ends: dict[TopicPartition, int] = {}
        # Position of a record processed alone → attempts, counted once per run and record.
        self._attempts: dict[Position, int] = {}
        self._dead_lettered: set[Position] = set()
        self._batch_journalled = False

    async def start(self) -> None:
        """Read the journal and mark this run as started. Later calls do nothing. Raises `StoreUnavailable`."""
        if self.previous_run is None:
            self.previous_run = await self._journal.start_run()
            self._suspects = dict(self.previous_run.suspects)

    async def stop(self) -> None:
        """Mark this run as ended cleanly, unless recovery from the previous run is unfinished.

        If the store is unavailable the mark is not written. The next run then enters recovery, which is safe.
        """
        if self.previous_run is not None and not (self.needs_recovery or self._suspects or self._recovery_ends):
            with suppress(StoreUnavailable):
                await self._journal.end_run()

    @property
    def needs_recovery(self) -> bool:
        """Whether `enter_recovery` must be called before the first batch."""
        return self.previous_run is not None and self.previous_run.unclean and not self._recovery_entered

    def enter_recovery(self, next_offsets: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> None:
        """Start recovery of these partitions: from `next_offsets`, for two batches at most, up to their current ends."""
        self._recovery_entered = True
        self._recovery_ends = {
            tp: min(ends[tp], offset + 2 * MAX_RECORDS)
            for tp, offset in next_offsets.items()
            if ends.get(tp, 0) > offset
        }
        # Committed records did not kill the process. A partition that another member has now is in that member's journal.
        self._suspects = {
            tp: suspect for tp, suspect in self._suspects.items() if next_offsets.get(tp, suspect[1]) < suspect[1]
        }
        log.warning(
            "the previous run did not end cleanly",
            partitions=len(self._recovery_ends),
            suspect_partitions=len(self._suspects),
        )

    async def process(self, records: Records) -> None:
        """Process a batch; one record at a time if the batch overlaps a suspect range."""
        ranges = offset_ranges_of(records)
        suspect = any(_overlap(each, self._suspects.get(tp)) for tp, each in ranges.items())
        if not suspect:
            await self._journal_batch(ranges)
            ARMED and reach(Failpoint.BATCH_JOURNALED)
        process = self._process_one_by_one if suspect else self._batch_processor.process
        await process(records)
        ARMED and reach(Failpoint.GUARD_PROCESSED)
        if self._suspects or self._recovery_ends:
            self._drop_passed(ranges)

    async def _journal_batch(self, ranges: Mapping[TopicPartition, OffsetRange]) -> None:
        """Write the batch to the journal during recovery. The first batch after recovery removes the last entry."""
        recovering = any(first < self._recovery_ends.get(tp, 0) for tp, (first, _) in ranges.items())
        if recovering or self._batch_journalled:
            # Suspect ranges stay in the journal: this batch may lie before them, and must not replace them.
            merged = {tp: _union(each, self._suspects.get(tp)) for tp, each in ranges.items()}
            await self._journal.set_batch({**self._suspects, **merged} if recovering else self._suspects)
            self._batch_journalled = recovering

    def _drop_passed(self, ranges: Mapping[TopicPartition, OffsetRange]) -> None:
        """Drop suspect ranges and recovery ends that the processed batch has passed."""
        processed = {tp: after for tp, (_, after) in ranges.items()}
        self._suspects = {tp: each for tp, each in self._suspects.items() if processed.get(tp, 0) < each[1]}
        self._recovery_ends = {tp: end for tp, end in self._recovery_ends.items() if processed.get(tp, 0) < end}

    async def _process_one_by_one(self, records: Records) -> None:
        attempts = await self._journal.attempts(map(position_of, records))
        ARMED and reach(Failpoint.ATTEMPTS_READ)
        for record in _least_attempted_keys_first(records, attempts):
            await self._process_alone(record, position_of(record))
            self._report_progress()
            ARMED and reach(Failpoint.OUTCOME_ALONE)

    async def _process_alone(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        """Count the attempt first: if the record kills the process, the next run knows."""
        if position not in self._attempts:
            self._attempts[position] = await self._journal.add_attempt(position)
        ARMED and reach(Failpoint.ATTEMPT_COUNTED)
        handle = self._attempt if self._attempts[position] <= MAX_ATTEMPTS else self._dead_letter
        await handle(record, position)

    async def _attempt(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        try:
            await self._batch_processor.process([record])
            ARMED and reach(Failpoint.PROCESSED_ALONE)
        finally:
            # The process survived, even if an engine was unavailable: the attempt must not count against the record.
            del self._attempts[position]
            await self._journal.clear_attempts(position)

    async def _dead_letter(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        """Dead-letter the record, once per run. Its attempts stay counted, so that redelivery does not try it again."""
        if position not in self._dead_lettered:
            # Two attempts over the maximum: the run that should have dead-lettered the record crashed while parsing it.
            unparsed = self._attempts[position] > MAX_ATTEMPTS + 1
            await self._batch_processor.dead_letter_unprocessed(record, FATAL, unparsed=unparsed)
            ARMED and reach(Failpoint.FATAL_DEAD_LETTERED)
            self._dead_lettered.add(position)


def offset_ranges_of(records: Records) -> dict[TopicPartition, OffsetRange]:
    """For each partition in the batch: its first offset, and the offset after its last."""
    ranges: dict[TopicPartition, OffsetRange] = {}
    for record in records:
        tp = TopicPartition(record.topic, record.partition)
        first, _ = ranges.get(tp, (record.offset, 0))
        ranges[tp] = (first, record.offset + 1)
    return ranges


def _overlap(batch: OffsetRange, suspect: OffsetRange | None) -> bool:
    return suspect is not None and batch[0] < suspect[1] and suspect[0] < batch[1]


def _union(batch: OffsetRange, suspect: OffsetRange | None) -> OffsetRange:
    """The smallest range that contains both."""
    return batch if suspect is None else (min(batch[0], suspect[0]), max(batch[1], suspect[1]))


def _least_attempted_keys_first(
    records: Records, attempts: Mapping[Position, int]
) -> Iterator["ConsumerRecord[bytes, bytes]"]:
    """Keys by the attempts of their records, those with the same number in random order; the records of one key in offset order.

    If the process is killed from outside soon after each start, any other order could count several attempts against the same
    harmless record. This one counts a second attempt only when every key has one.
    """
    by_key: defaultdict[bytes | None, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(record)

    def attempted(key: bytes | None) -> int:
        return max(attempts.get(position_of(record), 0) for record in by_key[key])

    for key in sorted(random.sample(list(by_key), len(by_key)), key=attempted):
        yield from by_key[key]
