"""Positions and times of records, as the client library gives them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.common.domain.position import Position

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

OffsetRange = tuple[int, int]
"""The first offset of a range in a partition, and the one after its last."""


def position_of(record: "ConsumerRecord[bytes, bytes]") -> Position:
    """Where the record itself lies, redriven or not."""
    return Position(record.topic, record.partition, record.offset)


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
