"""What a fetch brings, made safe to decode: the same records, whoever compressed them, and nothing that is too much."""

from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings, strategies as st

from services.common.messaging.record_batches import MAX_UNPACKED, made_plain
from services.common.messaging.record_bytes import MARK

PLENTY = 1 << 30
HEAD = 61
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}

names = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=20)
fields = st.none() | st.binary(max_size=300)
records = st.lists(st.tuples(fields, fields, st.lists(st.tuples(names, fields), max_size=5)), min_size=1, max_size=20)


def batch(entries: Any, codec: str = "none", offset: int = 7) -> bytes:
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], 0, -1, -1, -1, PLENTY)
    for place, (key, value, headers) in enumerate(entries):
        builder.append(place, 1_000 + place, key, value, headers)
    return offset.to_bytes(8, "big") + bytes(builder.build())[8:]


def signed(changed: bytearray) -> bytes:
    changed[17:21] = calc_crc32c(changed[21:]).to_bytes(4, "big")
    return bytes(changed)


def decoded(batches: bytes) -> list[Any]:
    found: list[Any] = []
    while batches:
        end = 12 + int.from_bytes(batches[8:12], "big")
        one, batches = DefaultRecordBatch(batches[:end]), batches[end:]
        assert one.validate_crc()
        found += [(each.offset, each.timestamp, each.key, each.value, each.headers) for each in one]
        assert found[-1][0] < one.next_offset
    return found


@settings(max_examples=60)
@given(records)
@pytest.mark.parametrize("codec", CODECS)
def test_what_can_be_decoded_comes_out_as_it_was_sent(codec: str, entries: Any) -> None:
    sent = batch(entries, codec) + batch(entries, codec, 100)
    expected = decoded(batch(entries)) + decoded(batch(entries, offset=100))
    for careful in (False, True):
        plain, cost = made_plain(sent, PLENTY, careful=careful)
        assert decoded(plain) == expected
        assert bool(cost) == (codec != "none")


def test_nothing_compressed_is_not_even_copied() -> None:
    sent = batch([(b"k", b"v", [])]) * 3
    assert made_plain(sent, 0, careful=False)[0] is sent


def test_a_batch_cut_short_at_the_end_is_left_for_the_next_fetch() -> None:
    whole = batch([(b"k", b"v", [])], "gzip")
    assert decoded(made_plain(whole + whole[:-1], PLENTY, careful=False)[0]) == decoded(batch([(b"k", b"v", [])]))


def test_no_more_is_unpacked_once_the_budget_is_spent() -> None:
    large = batch([(None, bytes(1_000_000), [])], "zstd")
    plain, cost = made_plain(large * 10, 2_500_000, careful=False)
    assert len(decoded(plain)) == 3
    assert cost > 2_500_000
    assert made_plain(large, 0, careful=False) == (b"", 0)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_unpacks_to_too_much_is_set_aside_as_it_lay_in_the_log(codec: str) -> None:
    sent = batch([(None, bytes(MAX_UNPACKED // 4), [])] * 5, codec)
    plain, cost = made_plain(sent, PLENTY, careful=False)
    ((offset, time, key, value, headers),) = decoded(plain)
    assert (offset, time, key, value) == (11, 1_004, None, sent)
    assert headers == [(MARK, b"unpacks-too-large"), ("batch-first-offset", b"7"), ("batch-records", b"5")]
    assert cost == MAX_UNPACKED


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_does_not_unpack_is_set_aside(codec: str) -> None:
    sent = bytearray(batch([(b"k", b"some value", [])] * 5, codec))
    sent[HEAD:] = b"\xff" * (len(sent) - HEAD)
    ((_, _, _, value, headers),) = decoded(made_plain(signed(sent), PLENTY, careful=False)[0])
    assert value == bytes(sent)
    assert headers[0] == (MARK, b"undecodable")


def test_damage_inside_a_batch_costs_what_lies_behind_it_and_nothing_before() -> None:
    entries: Any = [(b"k", b"first", []), (b"k", b"second", []), (b"k", b"third", [])]
    sent = bytearray(batch(entries))
    second = sent.index(b"second") - 1
    sent[second] = 0x7E
    first, rest = decoded(made_plain(signed(sent), PLENTY, careful=True)[0])
    assert first == decoded(batch(entries))[0]
    assert rest[0] == 9, "the batch's last offset"
    assert rest[3].endswith(bytes(sent)[second:])
    assert rest[4] == [(MARK, b"undecodable")]


def test_bytes_that_changed_on_the_way_are_left_to_come_again() -> None:
    sent = bytearray(batch([(b"k", b"some value", [])], "gzip"))
    sent[-1] ^= 1
    assert made_plain(bytes(sent), PLENTY, careful=True)[0] == bytes(sent)


def test_a_great_many_tiny_batches_are_not_unpacked_all_at_once() -> None:
    one = batch([(b"k", b"v", [])], "gzip")
    plain, cost = made_plain(one * 20_000, MAX_UNPACKED, careful=False)
    assert 0 < len(decoded(plain)) < 5_000
    assert cost >= MAX_UNPACKED


def test_what_one_batch_unpacked_to_is_not_met_in_the_next() -> None:
    sent: list[tuple[Any, int]] = [([(b"k", b"a" * 500, [])], 7), ([(b"k", b"b", [])], 100)]
    plain, _ = made_plain(b"".join(batch(entries, "zstd", at) for entries, at in sent), PLENTY, careful=False)
    assert decoded(plain) == [record for entries, at in sent for record in decoded(batch(entries, offset=at))]
