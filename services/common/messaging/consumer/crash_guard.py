"""Taking records as they come or, where one of them may have killed the process, with notes beforehand.

After an unclean end the killer is among the records that two batches could have held, one of them with its commit under
way: from where a partition was committed, up to what lay there at the start. They are taken in batches as ever, but each
batch is noted first. If a batch was noted when the process died, its records are taken one at a time, each counted before
it is taken. A record that goes on killing is put aside.
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
from services.common.messaging.consumer.crash_journal import SPARED, CrashJournal, PreviousRun
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.records.positions import OffsetRange, position_of

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

KILLER: Final = "bug:killed-the-process"


class CrashGuard:
    """Stands before `batch_processor`. Raises what `batch_processor` raises, and `StoreUnavailable`."""

    def __init__(self, batch_processor: BatchProcessor, journal: CrashJournal, progressed: Callable[[], None]) -> None:
        self._batch_processor = batch_processor
        self._journal = journal
        self._moved = progressed
        self.previous_run: PreviousRun | None = None
        """How the life before ended, once that is known."""
        self._aware = False
        self._suspects: dict[TopicPartition, OffsetRange] = {}
        self._until: dict[TopicPartition, int] = {}
        self._counted: dict[Position, int] = {}
        self._ended: set[Position] = set()
        self._noted = False

    async def begin(self) -> None:
        """Once in a life: it may take several tries to connect. Raises `StoreUnavailable`."""
        if self.previous_run is None:
            self.previous_run = await self._journal.begin()
            self._suspects = dict(self.previous_run.suspects)

    async def end(self) -> None:
        """Say that the life ends in order, if what the life before left open is settled.

        A store that is away only makes the next life begin carefully.
        """
        if self.previous_run is not None and not (self.needs_recovery or self._suspects or self._until):
            with suppress(StoreUnavailable):
                await self._journal.end()

    @property
    def needs_recovery(self) -> bool:
        """Whether the partitions that are taken up next must be taken with care."""
        return self.previous_run is not None and self.previous_run.unclean and not self._aware

    def enter_recovery(self, finished: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> None:
        """Take these partitions with care, from `finished` on, up to what lies there now."""
        self._aware = True
        self._until = {
            tp: min(ends[tp], offset + 2 * MAX_RECORDS) for tp, offset in finished.items() if ends.get(tp, 0) > offset
        }
        # What was committed killed nobody, and another member's partitions are for its own notes.
        self._suspects = {
            tp: extent for tp, extent in self._suspects.items() if finished.get(tp, extent[1]) < extent[1]
        }
        log.warning("the life before did not end in order", partitions=len(self._until), suspects=len(self._suspects))

    async def process(self, records: Records) -> None:
        extents = offset_ranges_of(records)
        suspected = any(_overlap(extent, self._suspects.get(tp)) for tp, extent in extents.items())
        if not suspected:
            await self._note(extents)
            ARMED and reach(Failpoint.BATCH_NOTED)
        taking = self._one_at_a_time if suspected else self._batch_processor.process
        await taking(records)
        ARMED and reach(Failpoint.CARE_TAKEN)
        if self._suspects or self._until:
            self._pass(extents)

    async def _note(self, extents: Mapping[TopicPartition, OffsetRange]) -> None:
        """Note the batch while care is due; the first time it no longer is, leave an empty note."""
        careful = any(first < self._until.get(tp, 0) for tp, (first, _) in extents.items())
        if careful or self._noted:
            # A batch in front of what is suspected must not take its place.
            both = {tp: _around(extent, self._suspects.get(tp)) for tp, extent in extents.items()}
            await self._journal.note({**self._suspects, **both} if careful else self._suspects)
            self._noted = careful

    def _pass(self, extents: Mapping[TopicPartition, OffsetRange]) -> None:
        passed = {tp: after for tp, (_, after) in extents.items()}
        self._suspects = {tp: extent for tp, extent in self._suspects.items() if passed.get(tp, 0) < extent[1]}
        self._until = {tp: until for tp, until in self._until.items() if passed.get(tp, 0) < until}

    async def _one_at_a_time(self, records: Records) -> None:
        for record in _by_key_in_any_order(records):
            await self._alone(record, position_of(record))
            self._moved()
            ARMED and reach(Failpoint.TAKEN_ALONE)

    async def _alone(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        if position not in self._counted:
            self._counted[position] = await self._journal.add_attempt(position)
        ARMED and reach(Failpoint.COUNTED)
        ending = self._try if self._counted[position] <= SPARED else self._put_aside
        await ending(record, position)

    async def _try(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        try:
            await self._batch_processor.process([record])
            ARMED and reach(Failpoint.ENDED_ALONE)
        finally:
            # It has ended, or an outage stopped it: the process lives, and nothing counts against the record.
            del self._counted[position]
            await self._journal.clear_attempts(position)

    async def _put_aside(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        """Its count stays: should the batch come again, in this life or another, it is not tried once more."""
        if position not in self._ended:
            await self._batch_processor.end_untried(record, KILLER, unread=self._counted[position] > SPARED + 1)
            ARMED and reach(Failpoint.ENDED_UNTRIED)
            self._ended.add(position)


def offset_ranges_of(records: Records) -> dict[TopicPartition, OffsetRange]:
    """For each partition of the batch: its first offset, and the one after its last."""
    extents: dict[TopicPartition, OffsetRange] = {}
    for record in records:
        tp = TopicPartition(record.topic, record.partition)
        first, _ = extents.get(tp, (record.offset, 0))
        extents[tp] = (first, record.offset + 1)
    return extents


def _overlap(extent: OffsetRange, suspects: OffsetRange | None) -> bool:
    return suspects is not None and extent[0] < suspects[1] and suspects[0] < extent[1]


def _around(extent: OffsetRange, suspects: OffsetRange | None) -> OffsetRange:
    return extent if suspects is None else (min(extent[0], suspects[0]), max(extent[1], suspects[1]))


def _by_key_in_any_order(records: Records) -> Iterator["ConsumerRecord[bytes, bytes]"]:
    """The records of a key in their order, the keys by chance.

    A process that is killed from outside, again and again and soon after its start, would otherwise have the same
    innocent record in hand each time.
    """
    by_key: defaultdict[bytes | None, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(record)
    for key in random.sample(list(by_key), len(by_key)):
        yield from by_key[key]
