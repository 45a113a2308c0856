"""What a writer's client may write and aiokafka cannot decode is decoded all the same."""

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
"""Where the attributes of the first record stand, if it is shorter than 64 bytes."""

CRC = slice(17, 21)

Decoded = list[tuple[int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = fetcher.MemoryRecords
    yield
    fetcher.MemoryRecords = before


def batch(codec: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1_000_000)
    builder.append(0, None, b"first", b"value", [(NAME, b"content"), ("é", None)])
    builder.append(1, None, b"second", None, [])
    return bytearray(builder.build())


def with_another_name(batch: bytearray) -> bytes:
    return sealed(batch.replace(NAME.encode(), b"a\xffname"))


def with_attributes(batch: bytearray, attributes: int) -> bytes:
    batch[FIRST_ATTRIBUTES] = attributes
    return sealed(batch)


def sealed(batch: bytearray) -> bytes:
    batch[CRC] = calc_crc32c(bytes(batch[CRC.stop :])).to_bytes(4, "big")
    return bytes(batch)


def decoded(batches: bytes) -> Decoded:
    """As a poll gives them to a consumer."""
    records = fetcher.MemoryRecords(batches)
    found = fetcher.PartitionRecords(TopicPartition("entries", 0), records, None, 0, None, None, True, 1)
    return [(each.offset, each.key, each.value, each.headers) for each in found]


def undecodable(batches: bytes) -> Exception:
    with pytest.raises((UnicodeDecodeError, CorruptRecordException)) as raised:
        decoded(batches)
    error: Exception = raised.value
    return error


SECOND = (1, b"second", None, ())


def test_a_name_that_is_not_utf_8_keeps_its_bytes_and_those_beside_it_are_read() -> None:
    batches = with_another_name(batch()) + bytes(batch())
    assert decode_leniently(undecodable(batches))
    first, second, *_ = decoded(batches)
    assert first == (0, b"first", b"value", (("a\udcffname", b"content"), ("é", None)))
    assert first[3][0][0].encode(errors="surrogateescape") == b"a\xffname"
    assert second == SECOND


def test_attributes_of_which_no_bit_has_a_meaning_change_nothing() -> None:
    batches = with_attributes(batch(), 0x80)
    assert decode_leniently(undecodable(batches))
    assert decoded(batches) == decoded(bytes(batch()))


@pytest.mark.parametrize("codec", range(5))
def test_what_was_compressed_before_the_broker_kept_nothing_compressed_is_read(codec: int) -> None:
    decode_leniently(undecodable(with_another_name(batch())))
    assert decoded(bytes(batch(codec)))[1] == SECOND


def test_a_damaged_batch_is_decoded_by_nobody() -> None:
    damaged = batch()
    damaged[-1] ^= 1
    assert decode_leniently(undecodable(bytes(damaged)))
    assert not decode_leniently(undecodable(bytes(damaged))), "the second time it is an error of the broker"


def test_what_was_fetched_before_raises_once_more_and_is_fetched_again() -> None:
    error = undecodable(with_another_name(batch()))
    assert decode_leniently(error)
    assert decode_leniently(error)


def test_another_error_is_no_matter_of_decoding() -> None:
    before = fetcher.MemoryRecords
    assert not decode_leniently(OSError())
    assert fetcher.MemoryRecords is before
