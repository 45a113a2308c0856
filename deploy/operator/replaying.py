"""A stretch of a topic once more, for one group: copies of its records, sealed, each as of its first time and place.

What the group has taken it knows, and what it has not it takes now. Other groups pass the copies over.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiokafka import TopicPartition

from deploy import topics as declared
from deploy.operator.audit import Audit
from deploy.operator.errors import OperatorError
from deploy.operator.letters import BETWEEN, letters_in
from deploy.operator.log import Log, Record
from deploy.operator.plan import OLDEST
from deploy.operator.redriving import Progress
from deploy.operator.session import OperatorSession
from deploy.operator.taking import PATIENCE, Pace, taken
from services.common.contracts import topics
from services.common.domain.errors import Poison
from services.common.domain.position import Position
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.positions import OffsetRange, moment, position_of
from services.common.messaging.records.reader import MAX_EVENT
from services.common.messaging.records.redrive import Redrive

AT_ONCE: Final = 500
"""Records appended before the group is waited for: what it reads beside them waits no longer than for these."""

Point = datetime | tuple[int, int]
"""Where a stretch begins or ends: a moment, or a partition and an offset."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "not-its-own": "copies that were made for another group, or of what is in the stretch anyway",
    "set-aside": "records that the group has set aside: they come back by 'postigo dlq redrive'",
    "too-old": f"records older than {OLDEST.days} days",
    "unreadable": "records that no group can read",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between two points of a topic, for one group; `records` counts places, of which some may be empty."""

    topic: str
    group: str
    extents: Mapping[TopicPartition, OffsetRange]

    @property
    def records(self) -> int:
        return sum(after - first for first, after in self.extents.values())

    def holds(self, position: Position) -> bool:
        first, after = self.extents.get(TopicPartition(position.topic, position.partition), (0, 0))
        return first <= position.offset < after


def readers(topic: str) -> list[str]:
    """The groups of ours that read a topic, by their letters."""
    return sorted(
        group
        for each in declared.load()
        for name, mark, group in [each.name.partition(BETWEEN)]
        if mark and name == topic
    )


async def stretch(session: OperatorSession, topic: str, group: str, begin: Point, end: Point | None) -> Stretch:
    """What lies there now: copies that are appended later are not part of it. Raises OperatorError."""
    partitions = await session.log.partitions([topic])
    if not partitions:
        raise OperatorError(f"There is no topic {topic}.")
    if isinstance(begin, tuple) or isinstance(end, tuple):
        partitions = [_the_partition(topic, partitions, begin, end)]
    lies = await session.log.extents(partitions)
    first = await _offsets(session.log, partitions, begin)
    after = {tp: lies[tp][1] for tp in partitions} if end is None else await _offsets(session.log, partitions, end)
    extents = {tp: (max(first[tp], lies[tp][0]), min(after[tp], lies[tp][1])) for tp in partitions}
    return Stretch(topic, group, {tp: extent for tp, extent in extents.items() if extent[0] < extent[1]})


async def _offsets(log: Log, partitions: Sequence[TopicPartition], point: Point) -> dict[TopicPartition, int]:
    if isinstance(point, tuple):
        return dict.fromkeys(partitions, point[1])
    return await log.offsets_at(partitions, round(point.timestamp() * 1000))


def _the_partition(topic: str, partitions: Sequence[TopicPartition], begin: Point, end: Point | None) -> TopicPartition:
    """The one partition that both points name."""
    named = {point[0] for point in (begin, end) if isinstance(point, tuple)}
    if len(named) != 1:
        raise OperatorError("--from and --to name two partitions: a stretch by offsets lies in one.")
    (number,) = named
    if (tp := TopicPartition(topic, number)) not in partitions:
        raise OperatorError(f"{topic} has no partition {number}.")
    return tp


@dataclass(slots=True)
class Replaying:
    """`left_out` counts what was not appended, by a key of `LEFT_OUT`."""

    session: OperatorSession
    audit: Audit
    pace: Pace
    progress: Progress
    mail: bool = False
    most: int | None = None
    patience: float = PATIENCE
    left_out: Counter[str] = field(default_factory=Counter)

    async def run(self, stretch: Stretch) -> None:
        """Append the copies, never more at once than their group has taken. Raises OperatorError."""
        aside = await self._set_aside(stretch)
        copies: list[ProducerRecord] = []
        async with Log(self.session.target.settings.kafka_url) as reading:
            async for record in reading.records(stretch.extents):
                copies += self._copy(record, stretch, aside)
                if self._is_enough(len(copies)):
                    break
                if len(copies) >= min(AT_ONCE, self.pace.rate):
                    await self._append(stretch.group, copies)
                    copies = []
        await self._append(stretch.group, copies)

    def _is_enough(self, waiting: int) -> bool:
        return self.most is not None and self.audit.counts["replayed"] + waiting >= self.most

    async def _append(self, group: str, copies: Sequence[ProducerRecord]) -> None:
        after = await self.session.append(copies)
        ARMED and reach(Failpoint.OPERATION_APPENDED)
        await taken(self.session.admin, group, after, self.patience)
        ARMED and reach(Failpoint.OPERATION_TAKEN)
        self.audit.counts["replayed"] += len(copies)
        self.progress(len(copies))
        await self.pace.after(len(copies))

    async def _set_aside(self, stretch: Stretch) -> set[Position]:
        """Where the records lie that have a letter of the group, whatever became of it."""
        partitions = await self.session.log.partitions([topics.dead_letters(stretch.topic, stretch.group)])
        letters = await letters_in(self.session.log, await self.session.log.extents(partitions))
        return {letter.position for letter in letters}

    def _copy(self, record: Record, stretch: Stretch, aside: set[Position]) -> Iterator[ProducerRecord]:
        """The copy of a record, unless it is to be left out."""
        try:
            earlier = self.session.redrives.of(record)
        except Poison:
            self.left_out["unreadable"] += 1
            return
        position = earlier.position if earlier else position_of(record)
        at = earlier.at if earlier else moment(record.timestamp)
        if (because := self._left_out(record, earlier, stretch, aside, at)) is not None:
            self.left_out[because] += 1
            return
        told = Redrive(stretch.group, position, at, quiet=not self.mail or bool(earlier and earlier.quiet))
        headers = self.session.redrives.sealed(told, record.key, record.value, record.headers)
        yield ProducerRecord(record.topic, record.key, record.value, headers, record.partition)

    def _left_out(
        self, record: Record, earlier: Redrive | None, stretch: Stretch, aside: set[Position], at: datetime
    ) -> str | None:
        if earlier and (earlier.group != stretch.group or earlier.frees or stretch.holds(earlier.position)):
            return "not-its-own"
        if record.key is None or record.value is None or len(record.value) > MAX_EVENT:
            return "unreadable"
        if not earlier and position_of(record) in aside:
            return "set-aside"
        return "too-old" if datetime.now(UTC) - at > OLDEST else None
