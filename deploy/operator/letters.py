"""Dead letters as an operator sees them: where each record first lay, for which group, and why it was set aside.

Only this is held of a letter; its bytes are read again where they are needed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from aiokafka import TopicPartition

from deploy.operator.audit import History
from deploy.operator.log import Log, Record
from services.common.contracts.operations import LetterRef
from services.common.domain.identifiers import parse_reference, reference_of
from services.common.domain.position import Position
from services.common.messaging.producer.batches import Headers
from services.common.messaging.records.positions import moment, position_of

GONE: Final = "letter-gone"
"""The reason of a letter that a document waits for and that its topic no longer holds."""

BETWEEN: Final = ".dlq."


@dataclass(frozen=True, slots=True)
class Letter:
    """`place` is where the letter itself lies, None for one that is gone; `at` when its record was first appended.

    `whole`: its key and value were kept. `size` in bytes. `document`: of a letter that is gone, the key of what waits.
    """

    group: str
    position: Position
    at: datetime
    reason: str
    place: Position | None
    set_aside_at: datetime | None = None
    key: bytes | None = None
    ce_type: str | None = None
    size: int = 0
    whole: bool = True
    quiet: bool = False
    document: str | None = None

    @property
    def id(self) -> str:
        """How a person names it."""
        if self.place is None:
            return f"{self.position.topic}{BETWEEN}{self.group}/-"
        return f"{self.place.topic}/{self.place.offset}"

    @property
    def record(self) -> tuple[str, Position]:
        """The record of which it is a letter: several letters may tell of the same."""
        return self.group, self.position

    @property
    def reference(self) -> str | None:
        """The request that it is about, if its key names one."""
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
            letter=None if self.place is None else self.place.offset,
        )


async def letter_topics(log: Log, wanted: Callable[[str, str], bool]) -> list[str]:
    """The topics of letters that there are; `wanted` is asked with the topic and the group of each."""
    found = (name.partition(BETWEEN) for name in await log.topics())
    return [f"{topic}{mark}{group}" for topic, mark, group in found if mark and wanted(topic, group)]


async def letters_in(log: Log, extents: Mapping[TopicPartition, tuple[int, int]]) -> list[Letter]:
    """The letters in these stretches of their topics; what is no letter of ours is passed over."""
    return [letter async for record in log.records(extents) if (letter := letter_of(record)) is not None]


def open_letters(letters: Iterable[Letter], done: History) -> list[Letter]:
    """The last letter of each record that still needs somebody, oldest record first."""
    last: dict[tuple[str, Position], Letter] = {}
    for letter in letters:
        if letter.place is not None and letter.place.offset > done.ended.get(letter.record, -1):
            last[letter.record] = letter
    return sorted(last.values(), key=age)


def age(letter: Letter) -> tuple[datetime, str, int, int]:
    """What letters are sorted by: when their records were appended, and in a partition by their order there."""
    return letter.at, letter.position.topic, letter.position.partition, letter.position.offset


def letter_of(record: Record) -> Letter | None:
    headers = {name: value or b"" for name, value in record.headers}
    try:
        told = {name: value.decode() for name, value in headers.items() if name.startswith("dlq-")}
        position = Position(told["dlq-topic"], int(told["dlq-partition"]), int(told["dlq-offset"]))
        at = moment(int(told["dlq-timestamp"]))
        group, reason = told["dlq-group"], told["dlq-reason"]
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    if record.topic != f"{position.topic}{BETWEEN}{group}":
        return None
    return Letter(
        group=group,
        position=position,
        at=at,
        reason=reason,
        place=position_of(record),
        set_aside_at=moment(record.timestamp),
        key=None if "dlq-null-key" in told else record.key,
        ce_type=headers.get("ce_type", b"").decode(errors="replace")[:200] or None,
        size=len(record.key or b"") + len(record.value or b""),
        whole="dlq-sha256" not in told and not (record.key in (None, b"") and record.value is None),
        quiet="dlq-quiet" in told,
    )


def original_headers(record: Record) -> Headers:
    """The headers that the record had when it was set aside."""
    return [(name, value) for name, value in record.headers if not name.startswith("dlq-")]
