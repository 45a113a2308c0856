"""A record that an operator appended for one group, with a header that tells where and when it first lay.

The header is sealed: who may write a topic must not be able to date a record, or to have a group pass it over.
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


@dataclass(frozen=True, slots=True)
class Redrive:
    """For which group a record was appended again, and where and when it was first.

    `quiet`: nobody is told of what it makes happen. `frees` names a document that is to wait for the record no longer;
    then the record itself is not appended again, and there is nothing to take.
    """

    group: str
    position: Position
    at: datetime
    quiet: bool = False
    frees: str = ""

    def __str__(self) -> str:
        """`group topic partition offset append-time-in-ms`, and perhaps `quiet` or `frees=document`."""
        position = self.position
        milliseconds = round(self.at.timestamp() * 1000)
        more = " quiet" * self.quiet + (f" frees={self.frees}" if self.frees else "")
        return f"{self.group} {position.topic} {position.partition} {position.offset} {milliseconds}{more}"

    @classmethod
    def parse(cls, text: str) -> "Redrive":
        """Raises `ValueError`, `OverflowError` or `OSError`."""
        group, topic, partition, offset, milliseconds, *more = text.split(" ")
        told = dict(word.partition("=")[::2] for word in more)
        quiet, frees = told.pop("quiet", None) is not None, told.pop("frees", "")
        if told:
            raise ValueError("a word of a newer writer")
        return cls(group, Position(topic, int(partition), int(offset)), moment(int(milliseconds)), quiet, frees)


class Redrives:
    """Makes and reads the header, under the secret that our own processes share."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sealed(
        self, redrive: Redrive, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> list[tuple[str, bytes | None]]:
        """The headers of a record with this key, value and `headers`: these, and last the redrive and its HMAC-SHA-256 in
        hexadecimal. What was redriven before carries one redrive all the same.
        """
        others = [each for each in headers if each[0] != HEADER]
        seal = self._seal(str(redrive), key, value, others)
        return [*others, (HEADER, f"{redrive} {seal}".encode())]

    def of(self, record: "ConsumerRecord[bytes, bytes]") -> Redrive | None:
        """The redrive of a record; None when it has none. Raises `Poison` when we did not seal it."""
        header = next((value for name, value in record.headers if name == HEADER), b"-")
        if header == b"-":
            return None
        others = [each for each in record.headers if each[0] != HEADER]
        try:
            text, _, seal = (header or b"").decode("ascii").rpartition(" ")
            if hmac.compare_digest(seal, self._seal(text, record.key, record.value, others)):
                redrive = Redrive.parse(text)
                if redrive.position.topic == record.topic:
                    return redrive
        except (ValueError, OverflowError, OSError):
            raise Poison("redrive-header") from None
        raise Poison("redrive-header")

    def _seal(self, text: str, key: bytes | None, value: bytes | None, headers: Headers) -> str:
        """Over all that the record is: with another type or id the same bytes would be another command."""
        named = [part for name, content in headers for part in (name.encode("utf-8", "surrogateescape"), content)]
        return hmac.new(
            self._secret, b"\n".join([b"redrive", text.encode(), *_digests([key, value, *named])]), hashlib.sha256
        ).hexdigest()


def _digests(parts: Iterable[bytes | None]) -> Iterable[bytes]:
    return (b"-" if part is None else hashlib.sha256(part).digest() for part in parts)
