"""Records that the broker accepts and aiokafka cannot decode are decoded by the tolerant decoder."""

from collections.abc import Iterator

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from services.common.messaging.aiokafka_compat import decode_leniently

NAME = "a-name"
FIRST_ATTRIBUTES = 62
"""Index of the first record's attributes, if the record is shorter than 64 bytes."""

CRC = slice(17, 21)

Decoded = list[tuple[int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]]


@pytest.fixture(autouse=True)
def restore_decoder() -> Iterator[None]:
    before = fetcher.MemoryRecords
    yield
    fetcher.MemoryRecords = before


def batch(codec: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1_000_000)
    builder.append(0, None, b"first", b"value", [(NAME, b"content"), ("é", None)])
    builder.append(1, None, b"second", None, [])
    return bytearray(builder.build())


def with_invalid_name(batch: bytearray) -> bytes:
    return with_crc(batch.replace(NAME.encode(), b"a\xffname"))


def with_attributes(batch: bytearray, attributes: int) -> bytes:
    batch[FIRST_ATTRIBUTES] = attributes
    return with_crc(batch)


def with_crc(batch: bytearray) -> bytes:
    batch[CRC] = calc_crc32c(bytes(batch[CRC.stop :])).to_bytes(4, "big")
    return bytes(batch)


def decoded(batches: bytes) -> Decoded:
    """The records as a poll returns them."""
    records = fetcher.MemoryRecords(batches)
    found = fetcher.PartitionRecords(TopicPartition("entries", 0), records, None, 0, None, None, True, 1)
    return [(each.offset, each.key, each.value, each.headers) for each in found]


def undecodable(batches: bytes) -> Exception:
    with pytest.raises((UnicodeDecodeError, CorruptRecordException)) as raised:
        decoded(batches)
    error: Exception = raised.value
    return error


SECOND = (1, b"second", None, ())


def test_a_header_name_that_is_not_utf_8_keeps_its_bytes_and_other_records_are_decoded() -> None:
    batches = with_invalid_name(batch()) + bytes(batch())
    assert decode_leniently(undecodable(batches))
    first, second, *_ = decoded(batches)
    assert first == (0, b"first", b"value", (("a\udcffname", b"content"), ("é", None)))
    assert first[3][0][0].encode(errors="surrogateescape") == b"a\xffname"
    assert second == SECOND


def test_record_attributes_are_ignored() -> None:
    batches = with_attributes(batch(), 0x80)
    assert decode_leniently(undecodable(batches))
    assert decoded(batches) == decoded(bytes(batch()))


@pytest.mark.parametrize("codec", range(5))
def test_compressed_batches_are_decoded(codec: int) -> None:
    decode_leniently(undecodable(with_invalid_name(batch())))
    assert decoded(bytes(batch(codec)))[1] == SECOND


def test_a_damaged_batch_is_not_decoded() -> None:
    damaged = batch()
    damaged[-1] ^= 1
    assert decode_leniently(undecodable(bytes(damaged)))
    assert not decode_leniently(undecodable(bytes(damaged))), "with the tolerant decoder, fetching again does not help"


def test_batches_fetched_before_the_switch_raise_once_more_and_are_fetched_again() -> None:
    error = undecodable(with_invalid_name(batch()))
    assert decode_leniently(error)
    assert decode_leniently(error)


def test_other_errors_do_not_switch_the_decoder() -> None:
    before = fetcher.MemoryRecords
    assert not decode_leniently(OSError())
    assert fetcher.MemoryRecords is before
