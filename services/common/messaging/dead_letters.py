"""Dead letters: the record byte for byte, with `dlq-*` headers that say where it lay and why it is here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from services.common.contracts import topics
from services.common.errors import Poison
from services.common.messaging.publisher import Publisher, Raw
from services.common.messaging.record import Position, position_of, redriven_for

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

MAX_LETTER: Final = 16 * 1024 * 1024 - 64 * 1024
"""Bytes of key, value and headers that fit a dead-letter topic's 16 MiB record."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that cannot be applied now, and why: a short code that never echoes what the record holds."""

    record: "ConsumerRecord[bytes, bytes]"
    reason: str


class DeadLetters:
    """The dead-letter topics of one consumer group."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher = publisher
        self._group = group

    async def send(self, letters: Sequence[Letter]) -> None:
        """Return once the broker has them all. Raises `BrokerAway`; a missing dead-letter topic is an outage."""
        written = [(letter, _about(letter, self._group)) for letter in letters]
        await self._publisher.send_raw([_raw(letter.record, about) for letter, about in written])
        for _, about in written:
            log.error("dead-lettered", **{name.replace("-", "_"): text for name, text in about.items()})


def _about(letter: Letter, group: str) -> dict[str, str]:
    """The headers of a letter that tell of its record."""
    record = letter.record
    position, appended = _origin(record)
    about = {
        "dlq-group": group,
        "dlq-topic": position.topic,
        "dlq-partition": str(position.partition),
        "dlq-offset": str(position.offset),
        "dlq-timestamp": str(appended),
        "dlq-reason": letter.reason,
    }
    if _size(record) > MAX_LETTER:
        about["dlq-sha256"] = hashlib.sha256(record.value or b"").hexdigest()
    if record.key is None and record.value is None:
        about["dlq-null-key"] = "1"
    return about


def _raw(record: "ConsumerRecord[bytes, bytes]", about: Mapping[str, str]) -> Raw:
    """The letter as it is sent: the record byte for byte, or without its value where that does not fit."""
    whole = "dlq-sha256" not in about
    kept = [(name, value) for name, value in record.headers if not name.startswith("dlq-")] if whole else []
    told = [(name, text.encode()) for name, text in about.items()]
    return Raw(
        topic=topics.dead_letters(about["dlq-topic"], about["dlq-group"]),
        key=b"" if "dlq-null-key" in about else record.key,
        value=record.value if whole else b"",
        headers=[*kept, *told],
    )


def _origin(record: "ConsumerRecord[bytes, bytes]") -> tuple[Position, int]:
    """Where the record first lay, and its first append time in ms: a redriven one keeps both."""
    try:
        redrive = redriven_for(record)
    except Poison:
        redrive = None
    if redrive is not None:
        return redrive.position, round(redrive.at.timestamp() * 1000)
    return position_of(record), record.timestamp


def _size(record: "ConsumerRecord[bytes, bytes]") -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers
