"""Replay a range of a topic for one group: append signed copies of its records.

A copy names the group and the original position and time of its record. The group ignores records that it has
processed before and processes the others. Other groups skip the copies.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiokafka import TopicPartition

from deploy import topics as declared
from deploy.operator.audit import Audit
from deploy.operator.dead_letters import DLQ_INFIX, read_dead_letters
from deploy.operator.errors import OperatorError
from deploy.operator.group_progress import STALL_SECONDS, RateLimiter, wait_until_processed
from deploy.operator.log import Log, Record
from deploy.operator.plan import OLDEST
from deploy.operator.redriving import Progress
from deploy.operator.session import OperatorSession
from services.common.contracts import topics
from services.common.domain.errors import Poison
from services.common.domain.position import Position
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.positions import OffsetRange, moment, position_of
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import Redrive

BATCH_SIZE: Final = 500
"""Records that are appended before the replay waits for the group. New records wait behind at most one batch."""

Point = datetime | tuple[int, int]
"""Start or end of a range: a time, or a partition and an offset."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "not-its-own": "copies for another group, or of records that are in the range themselves",
    "set-aside": "records with a dead letter: 'postigo dlq redrive' brings them back",
    "too-old": f"records older than {OLDEST.days} days",
    "unreadable": "records that cannot be read",
}


@dataclass(frozen=True, slots=True)
class ReplayRange:
    """The offset ranges of a topic between two points, for one group."""

    topic: str
    group: str
    ranges: Mapping[TopicPartition, OffsetRange]

    @property
    def records(self) -> int:
        """The number of offsets; some may hold no record."""
        return sum(end - first for first, end in self.ranges.values())

    def contains(self, position: Position) -> bool:
        first, end = self.ranges.get(TopicPartition(position.topic, position.partition), (0, 0))
        return first <= position.offset < end


def readers(topic: str) -> list[str]:
    """Our groups that read a topic: those with a dead-letter topic for it."""
    return sorted(
        group
        for each in declared.load()
        for name, infix, group in [each.name.partition(DLQ_INFIX)]
        if infix and name == topic
    )


def read_by_departments(topic: str) -> bool:
    """Whether departments read the topic. Their groups are not ours: they do not skip the copies of a replay."""
    return topics.family(topic) in {topics.inbox("*"), topics.rejections("*")}


async def resolve_range(
    session: OperatorSession, topic: str, group: str, begin: Point, end: Point | None
) -> ReplayRange:
    """The records between the points now; copies that the replay appends are not part of it. Raises OperatorError."""
    partitions = await session.log.partitions([topic])
    if not partitions:
        raise OperatorError(f"There is no topic {topic}.")
    if isinstance(begin, tuple) or isinstance(end, tuple):
        partitions = [_named_partition(topic, partitions, begin, end)]
    present = await session.log.extents(partitions)
    starts = await _offsets(session.log, partitions, begin)
    ends = {tp: present[tp][1] for tp in partitions} if end is None else await _offsets(session.log, partitions, end)
    ranges = {tp: (max(starts[tp], present[tp][0]), min(ends[tp], present[tp][1])) for tp in partitions}
    return ReplayRange(topic, group, {tp: each for tp, each in ranges.items() if each[0] < each[1]})


async def _offsets(log: Log, partitions: Sequence[TopicPartition], point: Point) -> dict[TopicPartition, int]:
    if isinstance(point, tuple):
        return dict.fromkeys(partitions, point[1])
    return await log.offsets_at(partitions, round(point.timestamp() * 1000))


def _named_partition(
    topic: str, partitions: Sequence[TopicPartition], begin: Point, end: Point | None
) -> TopicPartition:
    """The one partition that the points name. Raises OperatorError when they name two, or one that does not exist."""
    named = {point[0] for point in (begin, end) if isinstance(point, tuple)}
    if len(named) != 1:
        raise OperatorError("--from and --to name two partitions: a range by offsets must be in one partition.")
    (number,) = named
    if (tp := TopicPartition(topic, number)) not in partitions:
        raise OperatorError(f"{topic} has no partition {number}.")
    return tp


@dataclass(slots=True)
class Replayer:
    """`left_out`: numbers of records that were not appended, by a key of `LEFT_OUT`."""

    session: OperatorSession
    audit: Audit
    rate_limiter: RateLimiter
    progress: Progress
    mail: bool = False
    most: int | None = None
    stall_seconds: float = STALL_SECONDS
    left_out: Counter[str] = field(default_factory=Counter)

    async def run(self, replay_range: ReplayRange) -> None:
        """Append the copies in batches; wait after each batch until the group has processed it. Raises OperatorError."""
        dead_lettered = await self._dead_lettered(replay_range)
        copies: list[ProducerRecord] = []
        async with Log(self.session.target.settings.kafka_url) as log:
            async for record in log.records(replay_range.ranges):
                copies += self._copy(record, replay_range, dead_lettered)
                if self._reaches_maximum(len(copies)):
                    break
                if len(copies) >= min(BATCH_SIZE, self.rate_limiter.rate):
                    await self._append(replay_range.group, copies)
                    copies = []
        await self._append(replay_range.group, copies)

    def _reaches_maximum(self, pending: int) -> bool:
        return self.most is not None and self.audit.counts["replayed"] + pending >= self.most

    async def _append(self, group: str, copies: Sequence[ProducerRecord]) -> None:
        end_offsets = await self.session.append(copies)
        ARMED and reach(Failpoint.OPERATION_APPENDED)
        await wait_until_processed(self.session.admin, group, end_offsets, self.stall_seconds)
        ARMED and reach(Failpoint.OPERATION_PROCESSED)
        self.audit.counts["replayed"] += len(copies)
        self.progress(len(copies))
        await self.rate_limiter.wait(len(copies))

    async def _dead_lettered(self, replay_range: ReplayRange) -> set[Position]:
        """The positions of all records that the group ever dead-lettered, redriven and discarded ones too."""
        partitions = await self.session.log.partitions([topics.dead_letters(replay_range.topic, replay_range.group)])
        letters = await read_dead_letters(self.session.log, await self.session.log.extents(partitions))
        return {letter.position for letter in letters}

    def _copy(
        self, record: Record, replay_range: ReplayRange, dead_lettered: set[Position]
    ) -> Iterator[ProducerRecord]:
        """The copy of a record; none when the record is left out."""
        try:
            earlier = self.session.redrives.of(record)
        except Poison:
            self.left_out["unreadable"] += 1
            return
        position = earlier.position if earlier else position_of(record)
        at = earlier.at if earlier else moment(record.timestamp)
        if (reason := self._left_out(record, earlier, replay_range, dead_lettered, at)) is not None:
            self.left_out[reason] += 1
            return
        redrive = Redrive(replay_range.group, position, at, quiet=not self.mail or bool(earlier and earlier.quiet))
        headers = self.session.redrives.signed_headers(redrive, record.key, record.value, record.headers)
        yield ProducerRecord(record.topic, record.key, record.value, headers, record.partition)

    def _left_out(
        self,
        record: Record,
        earlier: Redrive | None,
        replay_range: ReplayRange,
        dead_lettered: set[Position],
        at: datetime,
    ) -> str | None:
        """Why a record is left out, as a key of `LEFT_OUT`. `earlier`: the redrive header of a record that is a copy."""
        if earlier and (
            earlier.group != replay_range.group or earlier.frees or replay_range.contains(earlier.position)
        ):
            return "not-its-own"
        if not earlier and position_of(record) in dead_lettered:
            return "set-aside"
        if datetime.now(UTC) - at > OLDEST:
            return "too-old"
        # A record may have been applied by a version that required less: its department must not be told now that it is wrong.
        return None if _is_readable(record, earlier) else "unreadable"


def _is_readable(record: Record, earlier: Redrive | None) -> bool:
    try:
        read(record, earlier)
    except Poison as poison:
        # Which types exist is for the group to judge: it may be of another version than this command.
        return poison.reason == "unknown-type"
    return True
