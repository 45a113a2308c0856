"""Single records inside a batch, as bytes (format 2, KIP-98): read more leniently than the client library does, set aside
where it could not decode them, and written again. Pure.

What is set aside has the form of a record that the library can decode: the bytes, behind a mark that nobody else can know.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

# The fast ones do not look where the bytes end.
from aiokafka.record.util import decode_varint_py as decode_varint, encode_varint_py as encode_varint

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MARK: Final = f"postigo-{secrets.token_hex(16)}"
"""The name of the header that says why something was set aside. Drawn at each start, and never sent anywhere."""

UNDECODABLE: Final = "undecodable"

Headers = Sequence[tuple[bytes, bytes | None]]


class Record(NamedTuple):
    """A record inside its batch: `time` and `delta` count from the first timestamp and the offset of the batch."""

    time: int
    delta: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def set_aside(record: "ConsumerRecord[bytes, bytes]") -> "tuple[ConsumerRecord[bytes, bytes], str] | None":
    """The bytes of something undecodable, and why it is here; None for a record."""
    if not record.headers or record.headers[0][0] != MARK:
        return None
    because = record.headers[0][1] or b""
    return replace(record, headers=record.headers[1:]), because.decode()


def aside(record: Record, because: str) -> Record:
    """What stands for it. The names of headers are written out where they are no text."""
    kept = [(name.decode(errors="backslashreplace").encode(), text) for name, text in record.headers]
    return record._replace(headers=[(MARK.encode(), because.encode()), *kept])


def read(payload: bytes, place: int) -> tuple[Record, int]:
    """The record at `place`, set aside if a header's name is no text, and where the next one begins.

    Raises `ValueError` or `IndexError` for bytes that are no record.
    """
    size, start = decode_varint(payload, place)
    end = start + size
    if size < 0 or end > len(payload):
        raise ValueError("a record longer than its batch")
    time, place = decode_varint(payload, start + 1)  # behind the attributes, of which no bit has a meaning
    delta, place = decode_varint(payload, place)
    key, place = _sized(payload, place)
    value, place = _sized(payload, place)
    count, place = decode_varint(payload, place)
    headers: list[tuple[bytes, bytes | None]] = []
    for _ in range(count):
        name, place = _sized(payload, place)
        text, place = _sized(payload, place)
        headers.append((name or b"", text))
    if place != end:
        raise ValueError("a record of another length than it says")
    record = Record(time, delta, key, value, headers)
    return (record if all(_is_text(name) for name, _ in headers) else aside(record, UNDECODABLE)), end


def encoded(record: Record) -> bytes:
    body = bytearray(1)
    encode_varint(record.time, body.append)
    encode_varint(record.delta, body.append)
    for field in (record.key, record.value):
        _write(body, field)
    encode_varint(len(record.headers), body.append)
    for name, text in record.headers:
        _write(body, name)
        _write(body, text)
    size = bytearray()
    encode_varint(len(body), size.append)
    return bytes(size + body)


def _write(body: bytearray, field: bytes | None) -> None:
    encode_varint(-1 if field is None else len(field), body.append)
    body += field or b""


def _sized(payload: bytes, place: int) -> tuple[bytes | None, int]:
    size, place = decode_varint(payload, place)
    if size < 0:
        return None, place
    if place + size > len(payload):
        raise ValueError("a field longer than its record")
    return payload[place : place + size], place + size


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
