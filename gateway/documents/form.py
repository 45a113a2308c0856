"""A file that is sent in a form (`multipart/form-data`, RFC 7578), as browsers and `curl -F` do. It is streamed like a raw body."""

from collections.abc import AsyncIterator
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.header_values import parse_parameters
from services.common.http.problems import Problem

FORM: Final = "multipart/form-data"

FORM_OVERHEAD: Final = 16 * 1024
"""Bytes of a form beside its file: boundaries and headers."""


class FileForm:
    """The only part of a form, which must be a file. Call `begin` first, then read `content`.

    Both raise the problem `invalid` for other parts, and `bad-request` for a form that is damaged or incomplete.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._parts = 0
        self._has_begun = self._has_ended = False
        self._received: list[bytes] = []
        try:
            self._parser = MultipartParser(
                parse_parameters(content_type)[1].get("boundary", ""),
                {
                    "on_part_begin": self._on_part,
                    "on_header_field": self._on_header_name,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_content,
                    "on_part_data": self._on_data,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise Problem(problem_types.BAD_REQUEST) from None

    async def begin(self) -> str:
        """Read up to the content of the file. Returns its `Content-Disposition`."""
        while not self._has_begun:
            if self._has_ended:
                raise _not_one_file()
            await self._read()
        return self._headers[b"content-disposition"].decode("latin-1")

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        while self._received or not self._has_ended:
            received, self._received = self._received, []
            for piece in received:
                yield piece
            if not self._has_ended:
                await self._read()
        async for _ in self._chunks:
            pass  # What follows the form is ignored (RFC 2046, section 5.1.1).

    async def _read(self) -> None:
        chunk = await anext(self._chunks, None)
        if chunk is None:
            raise Problem(problem_types.BAD_REQUEST)
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise Problem(problem_types.BAD_REQUEST) from None

    def _on_part(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise _not_one_file()

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_content(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        if not {"filename", "filename*"} & parse_parameters(disposition)[1].keys():
            raise _not_one_file()
        self._has_begun = True

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._received.append(data[start:end])

    def _on_end(self) -> None:
        self._has_ended = True


def _not_one_file() -> Problem:
    return Problem(problem_types.INVALID, FieldError("one_file", pointer=""))
