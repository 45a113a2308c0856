"""What may be kept, judged by the bytes."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from services.common.contracts.limits import MAX_FILE_BYTES, MEDIA_TYPES
from services.documents.content import Empty, Inspection, TooLarge, Unacceptable, WrongType, detected

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
HEADS = {"application/pdf": PDF, "image/png": PNG, "image/jpeg": JPEG}


def inspect_chunks(declared: str, *chunks: bytes) -> int:
    inspection = Inspection(declared)
    for chunk in chunks:
        inspection.take(chunk)
    inspection.end()
    return inspection.size


@pytest.mark.parametrize("media_type", HEADS)
def test_each_accepted_type_is_detected_by_its_first_bytes(media_type: str) -> None:
    assert detected(HEADS[media_type] + bytes(2000)) == media_type
    assert inspect_chunks(media_type, HEADS[media_type]) == len(HEADS[media_type])


@pytest.mark.parametrize(
    "head",
    [
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><html>",
        b"PK\x03\x04" + bytes(100),
        b"MZ" + bytes(100),
        b"   %PDF-1.4",
        b"plain words",
        b"\x00" * 2000,
    ],
)
def test_any_other_type_is_refused_whatever_type_is_declared(head: bytes) -> None:
    assert detected(head) is None
    for declared in MEDIA_TYPES:
        with pytest.raises(WrongType):
            inspect_chunks(declared, head)


def test_a_signature_that_is_not_at_the_very_beginning_does_not_count() -> None:
    assert detected(b"<html>" + b"x" * 900 + b"\xff\xd9") is None
    assert detected(b"GIF89a" + PDF) is None


@pytest.mark.parametrize("declared", ["", "text/html", "application/octet-stream", "image/svg+xml", "IMAGE/PNG"])
def test_a_declared_type_that_is_not_accepted_is_refused_before_a_byte_is_read(declared: str) -> None:
    with pytest.raises(WrongType):
        Inspection(declared)


def test_bytes_of_one_accepted_type_declared_as_another_are_refused() -> None:
    with pytest.raises(WrongType):
        inspect_chunks("image/png", JPEG)


def test_an_empty_file_is_refused_as_empty() -> None:
    with pytest.raises(Empty):
        inspect_chunks("application/pdf")


def test_a_wrong_type_is_refused_after_the_first_kibibyte() -> None:
    inspection = Inspection("application/pdf")
    inspection.take(b"a" * 1023)
    with pytest.raises(WrongType):
        inspection.take(b"a")


def test_the_size_limit_is_exact() -> None:
    inspection = Inspection("application/pdf")
    inspection.take(PDF + bytes(MAX_FILE_BYTES - len(PDF)))
    inspection.end()
    assert inspection.size == MAX_FILE_BYTES
    with pytest.raises(TooLarge):
        inspection.take(b"\x00")


@given(
    body=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=8), declared=st.sampled_from([*HEADS])
)
def test_the_chunk_boundaries_do_not_change_the_result(body: bytes, cuts: list[int], declared: str) -> None:
    boundaries = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(boundaries)]

    def outcome(*pieces: bytes) -> object:
        try:
            return inspect_chunks(declared, *pieces)
        except Unacceptable as error:
            return type(error)

    for candidate in (chunks, [HEADS[declared], *chunks]):
        assert outcome(*candidate) == outcome(b"".join(candidate))
