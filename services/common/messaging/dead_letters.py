"""Dead letters: the record byte for byte, with `dlq-*` headers that say where it lay and why it is here."""

import hashlib
from typing import TYPE_CHECKING, Final

import structlog

from services.common.contracts import topics
from services.common.errors import Poison
from services.common.messaging.publisher import Publisher
from services.common.messaging.record import Position, redriven_for

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

MAX_LETTER: Final = 16 * 1024 * 1024 - 64 * 1024
"""Bytes of key, value and headers that fit a dead-letter topic's 16 MiB record."""

Headers = list[tuple[str, bytes | None]]


class DeadLetters:
    """The dead-letter topics of one consumer group."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher = publisher
        self._group = group

    async def send(self, record: "ConsumerRecord[bytes, bytes]", reason: str) -> None:
        """Return once the broker has the letter. Raises `BrokerAway`; a missing dead-letter topic is an outage."""
        position, appended = _origin(record)
        headers: Headers = [(name, value) for name, value in record.headers if not name.startswith("dlq-")]
        about = {
            "dlq-group": self._group,
            "dlq-topic": position.topic,
            "dlq-partition": str(position.partition),
            "dlq-offset": str(position.offset),
            "dlq-timestamp": str(appended),
            "dlq-reason": reason,
        }
        key, value = record.key, record.value
        if _size(record) > MAX_LETTER:
            about["dlq-sha256"] = hashlib.sha256(value or b"").hexdigest()
            headers, value = [], b""
        if key is None and value is None:
            key = b""
            about["dlq-null-key"] = "1"
        letters = topics.dead_letters(position.topic, self._group)
        headers.extend((name, text.encode()) for name, text in about.items())
        await self._publisher.send_raw(letters, key, value, headers)
        log.error("dead-lettered", **{name.replace("-", "_"): text for name, text in about.items()})


def _origin(record: "ConsumerRecord[bytes, bytes]") -> tuple[Position, int]:
    """Where the record first lay, and its first append time in ms: a redriven one keeps both."""
    try:
        redrive = redriven_for(record)
    except Poison:
        redrive = None
    if redrive is not None:
        return redrive.position, round(redrive.at.timestamp() * 1000)
    return Position(record.topic, record.partition, record.offset), record.timestamp


def _size(record: "ConsumerRecord[bytes, bytes]") -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
