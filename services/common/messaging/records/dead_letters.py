"""Dead letters: the record byte for byte, with `dlq-*` headers that say where it lay and why it is here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from services.common.contracts import topics
from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.domain.position import Position
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.messaging.producer.batches import AROUND, ProducerRecord
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.redrive import Redrive

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

MAX_LETTER: Final = 16 * 1024 * 1024 - 64 * 1024
"""Bytes of key, value and headers that fit a dead-letter topic's 16 MiB record."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be applied now, where and when it first lay, and why: a code that never echoes the record."""

    record: "ConsumerRecord[bytes, bytes]"
    reason: str
    position: Position
    at: datetime
    quiet: bool = False

    @classmethod
    def of(cls, incoming: IncomingRecord, reason: str) -> "DeadLetter":
        """The letter of a record that could be read."""
        assert incoming.record is not None
        received = incoming.received
        return cls(incoming.record, reason, received.position, received.at, received.quiet)

    @classmethod
    def unreadable(
        cls, record: "ConsumerRecord[bytes, bytes]", reason: str, redrive: Redrive | None = None
    ) -> "DeadLetter":
        if redrive is not None:
            return cls(record, reason, redrive.position, redrive.at, redrive.quiet)
        return cls(record, reason, position_of(record), moment(record.timestamp))


class DeadLetters:
    """The dead-letter topics of one consumer group."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher = publisher
        self._group = group

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Return once the broker has them all. Raises `BrokerUnavailable`; a missing or forbidden topic of ours is an outage."""
        written = [(letter, _about(letter, self._group)) for letter in letters]
        try:
            await self._publisher.append([_raw(letter.record, about) for letter, about in written])
        except TopicMissing as missing:
            raise BrokerUnavailable(str(missing)) from None
        for _, about in written:
            log.error("dead-lettered", **{name.replace("-", "_"): text for name, text in about.items()})


def _about(letter: DeadLetter, group: str) -> dict[str, str]:
    """The headers of a letter that tell of its record."""
    record, position = letter.record, letter.position
    about = {
        "dlq-group": group,
        "dlq-topic": position.topic,
        "dlq-partition": str(position.partition),
        "dlq-offset": str(position.offset),
        "dlq-timestamp": str(round(letter.at.timestamp() * 1000)),
        "dlq-reason": letter.reason,
    }
    if _size(record) > MAX_LETTER:
        about["dlq-sha256"] = hashlib.sha256(record.value or b"").hexdigest()
    if record.key is None and record.value is None:
        about["dlq-null-key"] = "1"
    if letter.quiet:
        about["dlq-quiet"] = "1"
    return about


def _raw(record: "ConsumerRecord[bytes, bytes]", about: Mapping[str, str]) -> ProducerRecord:
    """The letter as it is sent: the record byte for byte, or without its value where that does not fit."""
    whole = "dlq-sha256" not in about
    kept = [(_text(name), value) for name, value in record.headers if not name.startswith("dlq-")] if whole else []
    told = [(name, text.encode()) for name, text in about.items()]
    return ProducerRecord(
        topic=topics.dead_letters(about["dlq-topic"], about["dlq-group"]),
        key=b"" if "dlq-null-key" in about else record.key,
        value=record.value if whole else b"",
        headers=[*kept, *told],
        around=AROUND + _beside_value(record),
    )


def _text(name: str) -> str:
    """The name of a header as it can be sent: bytes that are not UTF-8 are written out in hexadecimal."""
    return name if name.isascii() else name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _size(record: "ConsumerRecord[bytes, bytes]") -> int:
    return len(record.value or b"") + _beside_value(record)


def _beside_value(record: "ConsumerRecord[bytes, bytes]") -> int:
    return len(record.key or b"") + sum(len(name) + len(value or b"") for name, value in record.headers)
