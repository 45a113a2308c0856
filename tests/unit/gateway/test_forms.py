"""A file in a form: found in any split of the bytes, and refused if it is not the only part."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.documents.form import FileForm
from services.common.http.header_values import file_name_of
from services.common.http.problems import Problem

BOUNDARY = "limite"
TYPE = f'multipart/form-data; boundary="{BOUNDARY}"'
CONTENT = b"%PDF-1.7\r\n--limit\r\n\r\n--\r\n" + bytes(range(256)) * 40


def part(headers: str, content: bytes = CONTENT) -> bytes:
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


FILE = part('Content-Disposition: form-data; name="file"; filename="a;b \\"c\\".pdf"\r\nContent-Type: image/jpg')
TEXT = part('Content-Disposition: form-data; name="note"', b"words")


async def read(body: bytes, *cuts: int, content_type: str = TYPE) -> tuple[str, bytes]:
    """The name and the content of the file, if the body arrives in these pieces."""
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]

    async def chunks() -> AsyncIterator[bytes]:
        for start, end in pairwise(places):
            yield body[start:end]

    found = FileForm(content_type, chunks())
    name = file_name_of(await found.begin())
    return name, b"".join([chunk async for chunk in found.content()])


@given(cuts=st.lists(st.integers(0, len(form(FILE))), max_size=12))
async def test_a_file_is_read_whole_in_any_split_of_the_bytes(cuts: list[int]) -> None:
    assert await read(form(FILE), *cuts) == ('a;b "c".pdf', CONTENT)


async def test_what_surrounds_the_parts_is_ignored() -> None:
    assert await read(b"\r\n" + form(FILE) + b"\r\nepilogue", 10_000) == ('a;b "c".pdf', CONTENT)


@pytest.mark.parametrize(
    "body",
    [
        form(FILE, FILE),
        form(FILE, TEXT),
        form(TEXT, FILE),
        form(TEXT),
        form(part("Content-Type: application/pdf")),
        form(part('Content-Disposition: form-data; name="filename"')),
        form(end=f"--{BOUNDARY}\r\n\r\n\r\n--{BOUNDARY}--".encode()),
    ],
)
async def test_a_form_must_have_one_file_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        await read(body)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("", "one_file")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"%PDF-1.7",
        form(FILE, end=b""),
        form(FILE, end=b"--limi"),
        form(FILE)[:-6],
        form(part("no header at all")),
        form(part("Content-Disposition: " + "x" * 10_000)),
        form(part("\r\n".join(f"X-{number}: y" for number in range(100)))),
    ],
)
async def test_a_damaged_or_incomplete_form_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        await read(body)
    assert refused.value.kind.code == "bad-request"


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 300])
async def test_a_form_without_a_usable_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Problem):
        await read(form(FILE), content_type=content_type)
