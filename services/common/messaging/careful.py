"""Taking records as they come or, where one of them may have killed the process, with notes beforehand.

After an unclean end the killer is among the records that one batch could have held: from where a partition was
committed, not beyond what lay there at the start. Those are taken in batches as ever, but each batch is noted first. Was
a batch noted when the process died, its records are taken one at a time, and each is counted first. A record that goes
on killing is put aside.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import TopicPartition

from services.common.errors import StoreAway
from services.common.messaging.batch import MAX_RECORDS, BatchTaker, Records
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.lives import SPARED, Lives, Past, Span
from services.common.messaging.position import Position, position_of

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

KILLER: Final = "bug:killed-the-process"


class CarefulTaker:
    """Stands before `taker`. Raises what `taker` raises, and `StoreAway`."""

    def __init__(self, taker: BatchTaker, lives: Lives, moved: Callable[[], None]) -> None:
        self._taker = taker
        self._lives = lives
        self._moved = moved
        self._counted: set[Position] = set()
        self._past: Past | None = None
        self._suspects: dict[TopicPartition, Span] = {}
        self._until: dict[TopicPartition, int] = {}
        self._noted = False

    async def begin(self) -> None:
        """Once in a life: it may take several tries to connect. Raises `StoreAway`."""
        if self._past is None:
            self._past = await self._lives.begin()
            self._suspects = dict(self._past.suspects)
            self._noted = bool(self._suspects)

    async def end(self) -> None:
        """Say that the life ends in order; a store that is away only makes the next one begin carefully."""
        with suppress(StoreAway):
            await self._lives.end()

    @property
    def must_beware(self) -> bool:
        """Whether the partitions that are taken up next must be taken with care."""
        return self._past is not None and self._past.unclean and not self._until

    def beware(self, finished: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> None:
        """Take these partitions with care, from `finished` on, up to what lies there now."""
        self._until = {tp: min(ends[tp], offset + MAX_RECORDS) for tp, offset in finished.items() if tp in ends}
        log.warning("the life before did not end in order", partitions=len(ends), suspects=len(self._suspects))

    async def take(self, records: Records) -> None:
        spans = _spans(records)
        if any(_overlap(span, self._suspects.get(tp)) for tp, span in spans.items()):
            await self._one_at_a_time(records)
            ARMED and reach(Failpoint.SUSPECTS_TAKEN)
            passed = {tp: after for tp, (_, after) in spans.items()}
            self._suspects = {tp: span for tp, span in self._suspects.items() if passed.get(tp, 0) < span[1]}
            return
        careful = any(first < self._until.get(tp, 0) for tp, (first, _) in spans.items())
        if careful or self._noted:
            await self._lives.note(self._suspects | spans if careful else self._suspects)
            self._noted = careful or bool(self._suspects)
        ARMED and reach(Failpoint.BATCH_NOTED)
        await self._taker.take(records)

    async def _one_at_a_time(self, records: Records) -> None:
        for record in _by_key_in_any_order(records):
            await self._alone(record, position_of(record))
            self._moved()
            ARMED and reach(Failpoint.TAKEN_ALONE)

    async def _alone(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        lives = 0
        if position not in self._counted:
            lives = await self._lives.count(position)
            self._counted.add(position)
        ARMED and reach(Failpoint.COUNTED)
        spared = lives <= SPARED
        try:
            await (
                self._taker.take([record])
                if spared
                else self._taker.put_aside(record, KILLER, unread=lives > SPARED + 1)
            )
            ARMED and reach(Failpoint.ENDED_ALONE)
        finally:
            # Whatever was raised, the process lives: it was not this record's doing.
            await self._lives.forget(position)


def _spans(records: Records) -> dict[TopicPartition, Span]:
    spans: dict[TopicPartition, Span] = {}
    for record in records:
        tp = TopicPartition(record.topic, record.partition)
        first, _ = spans.get(tp, (record.offset, 0))
        spans[tp] = (first, record.offset + 1)
    return spans


def _overlap(span: Span, suspects: Span | None) -> bool:
    return suspects is not None and span[0] < suspects[1] and suspects[0] < span[1]


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
