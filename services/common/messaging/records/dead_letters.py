"""Dead letters: records that a group cannot process, byte for byte, with `dlq-*` headers for position and reason."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from services.common.contracts import topics
from services.common.contracts.commands import Command
from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.domain.poison import PoisonRecord
from services.common.domain.position import Position
from services.common.messaging.handlers.aggregate import Outcome
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.messaging.producer.batches import RECORD_OVERHEAD, ProducerRecord
from services.common.messaging.producer.publisher import Publisher
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.redrive import Redrive

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

log = structlog.get_logger()

MAX_LETTER: Final = 16 * 1024 * 1024 - 64 * 1024
"""Maximum bytes of key, value and headers: a dead-letter topic accepts records of 16 MiB."""

BUG: Final = "bug:"
"""How the reason begins on the dead letter of a record that our own bug cannot apply."""

PARKED: Final = "blocked"
"""The reason on the dead letter of a record that is parked behind an earlier record of its document."""

UNANSWERED: Final = "unanswered:"
"""Before the reason of a poison record whose author could not be answered: the topic of the answer is missing."""


def is_answered(topic: str, reason: str) -> bool:
    """Whether the author of a dead-lettered record is told why: a department, of a mistake in its command.

    An operator need not do anything about such a dead letter.
    """
    return topics.family(topic) in Command.FAMILIES and reason != PARKED and not reason.startswith((BUG, UNANSWERED))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be processed now, with its original position and append time.

    `reason` is a short code that never repeats the record's content.
    """

    record: "ConsumerRecord[bytes, bytes]"
    reason: str
    position: Position
    at: datetime
    quiet: bool = False

    @classmethod
    def of(cls, incoming: IncomingRecord, reason: str) -> "DeadLetter":
        """The dead letter of a record that could be parsed."""
        assert incoming.record is not None
        received = incoming.received
        return cls(incoming.record, reason, received.position, received.at, received.quiet)

    @classmethod
    def unreadable(
        cls, record: "ConsumerRecord[bytes, bytes]", reason: str, redrive: Redrive | None = None
    ) -> "DeadLetter":
        """The dead letter of a record that could not be parsed."""
        if redrive is not None:
            return cls(record, reason, redrive.position, redrive.at, redrive.quiet)
        return cls(record, reason, position_of(record), moment(record.timestamp))

    @property
    def answered(self) -> bool:
        """Whether the author is told the reason, so that no operator needs to look at it."""
        return is_answered(self.position.topic, self.reason)

    @property
    def outcome(self) -> Outcome:
        return Outcome.ANSWERED if self.answered else Outcome.DEAD_LETTERED

    def marked_unanswered(self) -> "DeadLetter":
        """The dead letter of a poison record whose author could not be answered."""
        return replace(self, reason=f"{UNANSWERED}{self.reason}")

    @property
    def poison(self) -> PoisonRecord:
        """What the author of the record may be told."""
        return PoisonRecord(self.position, self.at, self.record.key, self.record.headers, self.reason)


class DeadLetters:
    """The dead-letter topics of one consumer group."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher = publisher
        self._group = group

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        """Return once the broker has acknowledged all letters.

        Raises `BrokerUnavailable`, also if the dead-letter topic is missing or forbidden: the batch waits until it exists.
        """
        with_headers = [(letter, _dlq_headers(letter, self._group)) for letter in letters]
        try:
            await self._publisher.append([_producer_record(letter.record, headers) for letter, headers in with_headers])
        except TopicMissing as missing:
            raise BrokerUnavailable(str(missing)) from None
        for letter, headers in with_headers:
            write = log.warning if letter.answered else log.error
            write("dead-lettered", **{name.replace("-", "_"): text for name, text in headers.items()})


def _dlq_headers(letter: DeadLetter, group: str) -> dict[str, str]:
    record, position = letter.record, letter.position
    headers = {
        "dlq-group": group,
        "dlq-topic": position.topic,
        "dlq-partition": str(position.partition),
        "dlq-offset": str(position.offset),
        "dlq-timestamp": str(round(letter.at.timestamp() * 1000)),
        "dlq-reason": letter.reason,
    }
    if _size(record) > MAX_LETTER:
        headers["dlq-sha256"] = hashlib.sha256(record.value or b"").hexdigest()
    if record.key is None and record.value is None:
        headers["dlq-null-key"] = "1"
    if letter.quiet:
        headers["dlq-quiet"] = "1"
    return headers


def _producer_record(record: "ConsumerRecord[bytes, bytes]", dlq_headers: Mapping[str, str]) -> ProducerRecord:
    """The record byte for byte; if it is too large, without its value and its own headers."""
    whole = "dlq-sha256" not in dlq_headers
    own = [(_sendable(name), value) for name, value in record.headers if not name.startswith("dlq-")] if whole else []
    added = [(name, text.encode()) for name, text in dlq_headers.items()]
    return ProducerRecord(
        topic=topics.dead_letters(dlq_headers["dlq-topic"], dlq_headers["dlq-group"]),
        key=b"" if "dlq-null-key" in dlq_headers else record.key,
        value=record.value if whole else b"",
        headers=[*own, *added],
        overhead=RECORD_OVERHEAD + _size_without_value(record),
    )


def _sendable(name: str) -> str:
    r"""The header name with bytes that are not UTF-8 replaced by escapes such as `\xff`: aiokafka sends only UTF-8."""
    return name if name.isascii() else name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _size(record: "ConsumerRecord[bytes, bytes]") -> int:
    return len(record.value or b"") + _size_without_value(record)


def _size_without_value(record: "ConsumerRecord[bytes, bytes]") -> int:
    return len(record.key or b"") + sum(len(name) + len(value or b"") for name, value in record.headers)
