"""Redriven records: an operator appends a dead-lettered record again, for one group.

A header gives the record's original position and append time. The header is signed, because writers of the topic must not
be able to backdate a record or to make a group skip one.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from services.common.domain.errors import Poison
from services.common.domain.position import Position
from services.common.messaging.producer.batches import Headers
from services.common.messaging.records.positions import moment

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

HEADER: Final = "dlq-redrive"

NO_DOCUMENT: Final = "-"
"""Instead of the key of a document: none waits for the discarded record."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """The group that a record is redriven for, and the record's original position and append time.

    `quiet`: the events that it causes notify no person. `frees`: the key of the document in whose blocked list the record
    is, or `-`; the record is then discarded, not processed.
    """

    group: str
    position: Position
    at: datetime
    quiet: bool = False
    frees: str = ""

    def __str__(self) -> str:
        """`group topic partition offset append-time-in-ms`, then optionally `quiet` and `frees=document`."""
        position = self.position
        milliseconds = round(self.at.timestamp() * 1000)
        more = " quiet" * self.quiet + (f" frees={self.frees}" if self.frees else "")
        return f"{self.group} {position.topic} {position.partition} {position.offset} {milliseconds}{more}"

    @classmethod
    def parse(cls, text: str) -> "Redrive":
        """The redrive in a header's text. Raises `ValueError`, `OverflowError` or `OSError`."""
        group, topic, partition, offset, milliseconds, *more = text.split(" ")
        options = dict(word.partition("=")[::2] for word in more)
        quiet, frees = options.pop("quiet", None) is not None, options.pop("frees", "")
        if options:
            raise ValueError("an option of a newer version")
        return cls(group, Position(topic, int(partition), int(offset)), moment(int(milliseconds)), quiet, frees)


class Redrives:
    """Signs and verifies the header, with the secret that our processes share."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def signed_headers(
        self, redrive: Redrive, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> list[tuple[str, bytes | None]]:
        """`headers`, followed by the signed redrive header: the redrive's text and its HMAC-SHA-256 in hexadecimal.

        The signature covers the key, the value and all other headers. An earlier redrive header is replaced.
        """
        others = [each for each in headers if each[0] != HEADER]
        signature = self._signature(str(redrive), key, value, others)
        return [*others, (HEADER, f"{redrive} {signature}".encode())]

    def of(self, record: "ConsumerRecord[bytes, bytes]") -> Redrive | None:
        """The redrive of a record; None if it has no such header. Raises `Poison` if the signature is not ours."""
        header = next((value for name, value in record.headers if name == HEADER), b"-")
        if header == b"-":
            return None
        others = [each for each in record.headers if each[0] != HEADER]
        try:
            text, _, signature = (header or b"").decode("ascii").rpartition(" ")
            if hmac.compare_digest(signature, self._signature(text, record.key, record.value, others)):
                redrive = Redrive.parse(text)
                if redrive.position.topic == record.topic:
                    return redrive
        except (ValueError, OverflowError, OSError):
            raise Poison("redrive-header") from None
        raise Poison("redrive-header")

    def _signature(self, text: str, key: bytes | None, value: bytes | None, headers: Headers) -> str:
        """Covers the headers too: with another type or id, the same value would be another command."""
        parts = [part for name, content in headers for part in (name.encode("utf-8", "surrogateescape"), content)]
        message = b"\n".join([b"redrive", text.encode(), *_digests([key, value, *parts])])
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()


def _digests(parts: Iterable[bytes | None]) -> Iterable[bytes]:
    return (b"-" if part is None else hashlib.sha256(part).digest() for part in parts)
