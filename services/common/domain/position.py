"""Where a record lies, and when it was appended."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

Extent = tuple[int, int]
"""The first offset of a partition that is meant, and the one after the last."""


class Position(NamedTuple):
    """Where a record lies in the log; for a redriven one, where it first lay."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic} {self.partition} {self.offset}"


def position_of(record: "ConsumerRecord[bytes, bytes]") -> Position:
    """Where the record itself lies."""
    return Position(record.topic, record.partition, record.offset)


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
