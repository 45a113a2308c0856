"""Taking records as they come or, where one of them may have killed the process, one at a time.

After an unclean end a partition is taken carefully from where it was committed, for as many records as one batch holds
but not beyond what lay there at the start: the killer was among them. A record that goes on killing is put aside.
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
from services.common.messaging.lives import SPARED, Lives
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
        self._noted: set[Position] = set()
        self._until: dict[TopicPartition, int] = {}
        self._begun = False
        self.unclean = False
        """Whether the life before this one ended uncleanly, so that partitions taken up now are taken carefully."""

    async def begin(self) -> None:
        """Once in a life: it may take several tries to connect. Raises `StoreAway`."""
        if not self._begun:
            self.unclean = await self._lives.begin()
            self._begun = True

    async def end(self) -> None:
        """Say that the life ends in order; a store that is away only makes the next one begin carefully."""
        with suppress(StoreAway):
            await self._lives.end()

    def beware(self, finished: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> None:
        """Take these partitions carefully, from `finished` on, up to what lies there now."""
        self._until |= {tp: min(ends[tp], offset + MAX_RECORDS) for tp, offset in finished.items() if tp in ends}
        log.warning("after an unclean end, records are taken one at a time at first", partitions=len(self._until))

    async def take(self, records: Records) -> None:
        if not any(self._is_suspect(record) for record in records):
            await self._taker.take(records)
            return
        ARMED and reach(Failpoint.CAREFUL)
        for record in _by_key_in_any_order(records):
            await self._take_one(record, position_of(record))
            self._moved()
            ARMED and reach(Failpoint.TAKEN_CAREFULLY)

    def _is_suspect(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        return int(record.offset) < self._until.get(TopicPartition(record.topic, record.partition), 0)

    async def _take_one(self, record: "ConsumerRecord[bytes, bytes]", position: Position) -> None:
        lives = 0
        if position not in self._noted:
            lives = await self._lives.in_hand(position)
            self._noted.add(position)
        ARMED and reach(Failpoint.NOTED)
        spared = lives <= SPARED
        try:
            await (
                self._taker.take([record])
                if spared
                else self._taker.put_aside(record, KILLER, unread=lives > SPARED + 1)
            )
            ARMED and reach(Failpoint.ENDED_CAREFULLY)
        finally:
            # Whatever was raised, the process lives: it was not this record's doing.
            await self._lives.forget(position)


def _by_key_in_any_order(records: Records) -> Iterator["ConsumerRecord[bytes, bytes]"]:
    """The records of a key in their order, the keys by chance: who is killed from outside, again and again and soon after
    each start, would otherwise have the same innocent record in hand each time.
    """
    by_key: defaultdict[bytes | None, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(record)
    for key in random.sample(list(by_key), len(by_key)):
        yield from by_key[key]
