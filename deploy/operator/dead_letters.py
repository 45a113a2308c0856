"""Dead letters: the original position of each record, the group that rejected it, and the reason.

The content of a record is not kept in memory; it is read again where it is needed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from aiokafka import TopicPartition

from deploy.operator.audit import AuditHistory
from deploy.operator.log import Log, Record
from services.common.contracts import topics
from services.common.contracts.commands import Command
from services.common.contracts.operations import LetterRef
from services.common.domain.identifiers import parse_reference, reference_of
from services.common.domain.position import Position
from services.common.messaging.producer.batches import Headers
from services.common.messaging.records.dead_letters import BUG, PARKED, is_answered
from services.common.messaging.records.positions import moment, position_of

LETTER_GONE: Final = "letter-gone"
"""The reason of a dead letter that a document waits for, but that is no longer on its topic."""

DLQ_INFIX: Final = ".dlq."


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`position` and `at` (time of append) are those of the original record; `size` is in bytes.

    `dlq_position` is that of the dead letter itself, None when it is gone; then `document` is the key of the document
    that waits for it. `complete`: the dead letter contains the key and the value of the record. `quiet`: no
    notifications follow from it.
    """

    group: str
    position: Position
    at: datetime
    reason: str
    dlq_position: Position | None
    dead_lettered_at: datetime | None = None
    key: bytes | None = None
    ce_type: str | None = None
    size: int = 0
    complete: bool = True
    quiet: bool = False
    document: str | None = None

    @property
    def id(self) -> str:
        """The name that a person types."""
        if self.dlq_position is None:
            return f"{self.position.topic}{DLQ_INFIX}{self.group}/-"
        return f"{self.dlq_position.topic}/{self.dlq_position.offset}"

    @property
    def is_poison(self) -> bool:
        """Whether the record itself is wrong: a redrive fails again, unless the program has changed."""
        return self.reason not in {PARKED, LETTER_GONE} and not self.reason.startswith(BUG)

    @property
    def answered(self) -> bool:
        """Whether it is the mistake of a department, which has been told."""
        return self.is_poison and is_answered(self.position.topic, self.reason)

    @property
    def record(self) -> tuple[str, Position]:
        """Group and position of the original record. A record that fails again has several dead letters."""
        return self.group, self.position

    @property
    def is_command(self) -> bool:
        """Whether a department sent the record. It gets an answer to each of its commands."""
        return topics.family(self.position.topic) in Command.FAMILIES

    @property
    def reference(self) -> str | None:
        """The reference of the request, if the key of the record is the id of one."""
        if self.document is not None:
            return parse_reference(self.document)
        try:
            return reference_of(UUID((self.key or b"").decode("ascii")))
        except ValueError:
            return None

    @property
    def ref(self) -> LetterRef:
        first = self.position
        return LetterRef(
            group=self.group,
            topic=first.topic,
            partition=first.partition,
            offset=first.offset,
            letter=None if self.dlq_position is None else self.dlq_position.offset,
        )


async def dead_letter_topics(log: Log, wanted: Callable[[str, str], bool]) -> list[str]:
    """The dead-letter topics on the broker for whose topic and group `wanted` is true."""
    names = (name.partition(DLQ_INFIX) for name in await log.topics())
    return [f"{topic}{infix}{group}" for topic, infix, group in names if infix and wanted(topic, group)]


async def read_dead_letters(log: Log, extents: Mapping[TopicPartition, tuple[int, int]]) -> list[DeadLetter]:
    """The dead letters in these offset ranges; other records are skipped."""
    return [letter async for record in log.records(extents) if (letter := parse_dead_letter(record)) is not None]


async def read_contents(log: Log, letters: Iterable[DeadLetter]) -> dict[str, Record]:
    """The records of the dead letters by id, without those that are gone. Read in offset order, which is faster."""
    positions = {letter.id: letter.dlq_position for letter in letters if letter.dlq_position is not None}
    records: dict[str, Record] = {}
    for name, (topic, partition, offset) in sorted(positions.items(), key=lambda item: item[1]):
        if (record := await log.at(TopicPartition(topic, partition), offset)) is not None:
            records[name] = record
    return records


def open_dead_letters(letters: Iterable[DeadLetter], history: AuditHistory) -> list[DeadLetter]:
    """The last dead letter of each record that was neither redriven nor discarded, oldest record first."""
    last: dict[tuple[str, Position], DeadLetter] = {}
    for letter in letters:
        if letter.dlq_position is not None and letter.dlq_position.offset > history.ended.get(letter.record, -1):
            last[letter.record] = letter
    return sorted(last.values(), key=age)


def age(letter: DeadLetter) -> tuple[datetime, str, int, int]:
    """The sort key: the time of append; within a partition, the offset."""
    return letter.at, letter.position.topic, letter.position.partition, letter.position.offset


def parse_dead_letter(record: Record) -> DeadLetter | None:
    """The dead letter in a record; None when its headers or its topic are not those of a dead letter."""
    headers = {name: value or b"" for name, value in record.headers}
    try:
        own = {name: value.decode() for name, value in headers.items() if name.startswith("dlq-")}
        position = Position(own["dlq-topic"], int(own["dlq-partition"]), int(own["dlq-offset"]))
        at = moment(int(own["dlq-timestamp"]))
        group, reason = own["dlq-group"], own["dlq-reason"]
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    if record.topic != f"{position.topic}{DLQ_INFIX}{group}":
        return None
    return DeadLetter(
        group=group,
        position=position,
        at=at,
        reason=reason,
        dlq_position=position_of(record),
        dead_lettered_at=moment(record.timestamp),
        key=None if "dlq-null-key" in own else record.key,
        ce_type=headers.get("ce_type", b"").decode(errors="replace")[:200] or None,
        size=len(record.key or b"") + len(record.value or b""),
        complete="dlq-sha256" not in own and not (record.key in (None, b"") and record.value is None),
        quiet="dlq-quiet" in own,
    )


def original_headers(record: Record) -> Headers:
    """The headers of the original record: all but those that dead-lettering added."""
    return [(name, value) for name, value in record.headers if not name.startswith("dlq-")]
