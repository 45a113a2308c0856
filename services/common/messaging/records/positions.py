"""Positions and append times of aiokafka's records."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.common.domain.position import Position

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

OffsetRange = tuple[int, int]
"""The first offset of a range in a partition, and the offset after its last."""


def position_of(record: "ConsumerRecord[bytes, bytes]") -> Position:
    """The position of this record itself, even if it is a redriven copy."""
    return Position(record.topic, record.partition, record.offset)


def moment(milliseconds: int) -> datetime:
    """The time of a Kafka timestamp: milliseconds since 1970, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
