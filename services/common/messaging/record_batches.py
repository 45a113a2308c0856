"""Record batches as they lie in the log (format 2, KIP-98), made safe to decode before the client library does. Pure.

The library unpacks a batch whole, however much that is, and raises for all of it when it cannot decode one record. So
what is compressed is unpacked here, up to a bound, and what cannot be decoded is set aside.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any, Final

import cramjam
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import calc_crc32c

from services.common.messaging.record_bytes import UNDECODABLE, Record, aside, encoded, read

MAX_UNPACKED: Final = 8 * 1024 * 1024
"""Bytes that one batch may unpack to: eight times what a topic takes of a batch as it is sent."""

LEAST_COST: Final = 4 * 1024
"""Bytes that unpacking a batch counts for at least: a great many tiny ones take time, not room."""

UNPACKS_TOO_LARGE: Final = "unpacks-too-large"

_HEAD: Final = Struct(">qiibIhiqqqhii")
"""Base offset, length, leader epoch, magic, CRC, attributes, last offset delta, first and last timestamp, producer id,
producer epoch, sequence, number of records. The length counts what follows it, and the CRC what follows that."""

_LENGTH: Final = Struct(">i")
_LENGTH_AT: Final = 8
_AFTER_LENGTH: Final = _LENGTH_AT + _LENGTH.size
_CRC: Final = slice(17, 21)
_LOW_ATTRIBUTES: Final = 22

_CODEC: Final = 0x07
_CONTROL: Final = 0x20

_SNAPPY_IN_BLOCKS: Final = b"\x82SNAPPY\x00"

# Everything here is done without an await, and what is unpacked is copied on: one space serves all batches.
_space: Final = bytearray(MAX_UNPACKED)

Head = tuple[int, ...]


class _TooLarge(Exception):
    """What a batch unpacks to is over the bound."""


def made_plain(batches: bytes, budget: int, *, careful: bool) -> tuple[bytes, int]:
    """The batches with nothing compressed in them, up to the first before which `budget` bytes had been unpacked; and
    what unpacking cost. The same bytes, where nothing was compressed.

    `careful` tries each batch as the library will decode it, and mends those that it cannot.
    """
    places = list(_places(batches))
    if not careful and not any(batches[start + _LOW_ATTRIBUTES] & _CODEC for start, _ in places):
        return batches, 0
    kept: list[bytes] = []
    spent = 0
    for start, end in places:
        batch, cost = batches[start:end], 0
        if batch[_LOW_ATTRIBUTES] & _CODEC:
            if spent >= budget:
                break
            batch, cost = _unpacked(batch)
        kept.append(_mended(batch) if careful else batch)
        spent += cost
    return b"".join(kept), spent


def _places(batches: bytes) -> Iterator[tuple[int, int]]:
    """Where each whole batch begins and ends. The broker may cut the last one short."""
    start, size = 0, len(batches)
    while start + _HEAD.size <= size:
        (length,) = _LENGTH.unpack_from(batches, start + _LENGTH_AT)
        end = start + _AFTER_LENGTH + length
        if end > size:
            return
        yield start, end
        start = end


def _unpacked(batch: bytes) -> tuple[bytes, int]:
    """The batch with its records unpacked, or set aside as it is; and what that cost in bytes.

    To find out that it is too large has cost as much as the largest that is not.
    """
    if not _as_sent(batch):
        return batch, 0
    head = _HEAD.unpack_from(batch)
    try:
        payload = _unpack(head[5] & _CODEC, memoryview(batch)[_HEAD.size :])
    except _TooLarge:
        return _set_aside(batch, UNPACKS_TOO_LARGE), MAX_UNPACKED
    except (ValueError, cramjam.DecompressionError):
        return _set_aside(batch, UNDECODABLE), MAX_UNPACKED
    return _rebuilt(head, payload, head[12]), max(len(payload), LEAST_COST)


def _mended(batch: bytes) -> bytes:
    """The batch as the library can decode it: the same, or with what it cannot decode set aside."""
    head = _HEAD.unpack_from(batch)
    if head[5] & _CONTROL or not _as_sent(batch) or _decodable(batch):
        return batch
    records, payload, place = [], batch[_HEAD.size :], 0
    try:
        for _ in range(head[12]):
            record, place = read(payload, place)
            records.append(record)
    except (ValueError, IndexError):
        rest = Record(head[8] - head[7], head[6], None, payload[place:], ())
        records.append(aside(rest, UNDECODABLE))
    return _rebuilt(head, b"".join(map(encoded, records)), len(records))


def _as_sent(batch: bytes) -> bool:
    """Otherwise it is left to the library, which calls it an error of the broker: it may come whole the next time."""
    return bool(DefaultRecordBatch(batch).validate_crc())


def _decodable(batch: bytes) -> bool:
    try:
        for _ in DefaultRecordBatch(batch):
            pass
    except (KafkaError, ValueError):
        return False
    return True


def _unpack(codec: int, packed: memoryview) -> memoryview:
    """Raises `_TooLarge`, or `ValueError` or `DecompressionError` for bytes that do not unpack."""
    if codec not in _INTO:
        raise ValueError("an unknown compression")
    try:
        size = _INTO[codec](packed, _space)
    except cramjam.DecompressionError as error:
        # One error stands for bytes that are damaged and for bytes that do not fit: only its text tells.
        if any(told in str(error) for told in ("whole buffer", "output buffer")):
            raise _TooLarge from None
        raise
    return memoryview(_space)[:size]


def _unpack_snappy(packed: memoryview, space: bytearray) -> int:
    """Java and we frame it in blocks, each with its length before it; others send it as it is."""
    if bytes(packed[: len(_SNAPPY_IN_BLOCKS)]) != _SNAPPY_IN_BLOCKS:
        return int(cramjam.snappy.decompress_raw_into(packed, space))
    size, place = 0, 16
    while place < len(packed):
        start = place + 4
        place = start + int.from_bytes(packed[place:start], "big")
        size += cramjam.snappy.decompress_raw_into(packed[start:place], memoryview(space)[size:])
    return size


_INTO: Final[dict[int, Callable[[Any, Any], int]]] = {
    1: cramjam.gzip.decompress_into,
    2: _unpack_snappy,
    3: cramjam.lz4.decompress_into,
    4: cramjam.zstd.decompress_into,
}


def _set_aside(batch: bytes, because: str) -> bytes:
    """One record at the batch's last offset, whose value is the batch as it lies in the log."""
    head = _HEAD.unpack_from(batch)
    about = [(b"batch-first-offset", str(head[0]).encode()), (b"batch-records", str(head[12]).encode())]
    record = Record(head[8] - head[7], head[6], None, batch, about)
    return _rebuilt(head, encoded(aside(record, because)), 1)


def _rebuilt(head: Head, payload: bytes | memoryview, count: int) -> bytes:
    """A batch with `head`'s place, times and producer, that holds `payload` as it is."""
    length = _HEAD.size - _AFTER_LENGTH + len(payload)
    batch = bytearray(_HEAD.pack(head[0], length, *head[2:5], head[5] & ~_CODEC, *head[6:12], count))
    batch += payload
    batch[_CRC] = calc_crc32c(batch[_CRC.stop :]).to_bytes(4, "big")
    return bytes(batch)
