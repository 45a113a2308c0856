"""What may be kept, judged by the bytes."""

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from services.common.contracts.limits import MAX_FILE_BYTES
from services.documents.content import HEAD, Empty, Inspection, TooLarge, Unacceptable, WrongType, detected

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
HEADS = {"application/pdf": PDF, "image/png": PNG, "image/jpeg": JPEG}


async def in_chunks(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def inspected(*chunks: bytes) -> tuple[str, bytes]:
    """The media type and the content."""
    inspection = Inspection(in_chunks(chunks))
    await inspection.begin()
    content = b"".join([chunk async for chunk in inspection.content()])
    assert inspection.size == len(content)
    return inspection.media_type, content


@pytest.mark.parametrize("media_type", HEADS)
async def test_each_accepted_type_is_found_by_its_first_bytes(media_type: str) -> None:
    content = HEADS[media_type] + bytes(2000)
    assert detected(content) == media_type
    assert await inspected(content) == (media_type, content)
    assert await inspected(HEADS[media_type]) == (media_type, HEADS[media_type])


@pytest.mark.parametrize(
    "segment",
    ["ffe0", "ffe1", "ffe2", "ffed", "ffee", "ffdb", "ffc4", "ffc0", "ffc2", "ffdd", "fffe", "ffffe0"],
)
def test_a_jpeg_may_begin_with_any_segment(segment: str) -> None:
    assert detected(bytes.fromhex(f"ffd8{segment}0010") + bytes(40)) == "image/jpeg"


BEFORE_A_PDF = [b"\xef\xbb\xbf", b"\r\n", b"\n\n\n", b"   ", b"\t\f", b"\0", b"\xef\xbb\xbf\r\n ", b" " * 900]


@pytest.mark.parametrize("before", BEFORE_A_PDF)
async def test_a_pdf_may_have_a_byte_order_mark_or_white_space_before_it(before: bytes) -> None:
    assert await inspected(before + PDF + bytes(2000)) == ("application/pdf", before + PDF + bytes(2000))


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n", b" "])
@pytest.mark.parametrize("other", [PNG, JPEG, b"%PNG-", b"%!PS-Adobe-3.0", b"<html>%PDF-1.7"])
def test_nothing_else_may_have_anything_before_it(before: bytes, other: bytes) -> None:
    assert detected(before + other + bytes(100)) is None


@pytest.mark.parametrize(
    "head",
    [
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><html>",
        b"PK\x03\x04" + bytes(100),
        b"MZ" + bytes(100),
        b"plain words",
        b"\xef\xbb\xbf",
        b"\r\n \t",
        b"\xff\xd8",
        b"\x00" * 2000,
    ],
)
async def test_any_other_content_is_refused(head: bytes) -> None:
    assert detected(head) is None
    with pytest.raises(WrongType):
        await inspected(head)


async def test_a_signature_that_is_not_at_the_beginning_does_not_count() -> None:
    with pytest.raises(WrongType):
        await inspected(b" " * HEAD + PDF)
    assert detected(b"<html>" + b"x" * 900 + b"\xff\xd9") is None
    assert detected(b"GIF89a" + PDF) is None


async def test_an_empty_file_is_refused_as_empty() -> None:
    for chunks in ([], [b""], [b"", b""]):
        with pytest.raises(Empty):
            await inspected(*chunks)


async def test_a_wrong_type_is_refused_after_the_first_kibibyte() -> None:
    read = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b"a" * 512

    with pytest.raises(WrongType):
        await Inspection(endless()).begin()
    assert len(read) == HEAD // 512


async def test_the_size_limit_is_exact() -> None:
    whole = PDF + bytes(MAX_FILE_BYTES - len(PDF))
    assert await inspected(whole) == ("application/pdf", whole)
    with pytest.raises(TooLarge):
        await inspected(whole, b"\x00")


@given(
    body=st.binary(max_size=3000),
    cuts=st.lists(st.integers(0, 3000), max_size=8),
    head=st.sampled_from([*HEADS.values()]),
)
async def test_the_chunk_boundaries_do_not_change_the_result(body: bytes, cuts: list[int], head: bytes) -> None:
    boundaries = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[start:end] for start, end in pairwise(boundaries)]

    async def outcome(*pieces: bytes) -> object:
        try:
            return await inspected(*pieces)
        except Unacceptable as error:
            return type(error)

    for candidate in (chunks, [head, *chunks]):
        assert await outcome(*candidate) == await outcome(b"".join(candidate))
