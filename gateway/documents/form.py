"""Forms with files (`multipart/form-data`, RFC 7578), as browsers and `curl -F` send them. Files are streamed like raw bodies."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum, auto
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

MAX_FIELD: Final = 64 * 1024
"""Bytes of a field that is not a file."""

MAX_PART_HEADER: Final = 8 * 1024
"""Bytes of the name and of the value of a header of a part."""

MAX_PARTS: Final = 500
"""Parts of a form."""


class _End(Enum):
    PART = auto()
    FORM = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """`disposition` is its `Content-Disposition`, with quotation marks as RFC 9110 writes them."""

    name: str
    disposition: str
    is_file: bool


class MultipartForm:
    """The parts of a form, one after the other. Read the content of a part before the next part.

    Raises the problem `bad-request` for a form that is damaged or incomplete.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._events: deque[Part | bytes | _End] = deque()
        self._has_ended = False
        self._parts = 0
        try:
            self._parser = MultipartParser(
                parse_parameters(content_type)[1].get("boundary", ""),
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_header_name,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_content,
                    "on_part_data": self._on_data,
                    "on_part_end": lambda: self._events.append(_End.PART),
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise Problem(problem_types.BAD_REQUEST) from None

    async def next_part(self) -> Part | None:
        """The next part; None after the last one. What is left of the content of the one before is skipped."""
        while (event := await self._next()) is not _End.FORM:
            if isinstance(event, Part):
                return event
        return None

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the part."""
        while isinstance(event := await self._next(), bytes):
            yield event

    async def text(self) -> str:
        """The part as text. Raises the problem `too-large` above `MAX_FIELD` bytes."""
        received = b""
        async for piece in self.content():
            received += piece
            if len(received) > MAX_FIELD:
                raise Problem(problem_types.TOO_LARGE, FieldError("too_large", pointer="", limit=MAX_FIELD))
        return received.decode(errors="replace")

    async def _next(self) -> Part | bytes | _End:
        """The beginning of a part, a piece of its content, or an end."""
        while not self._events:
            if self._has_ended:
                async for _ in self._chunks:
                    pass  # What follows the form is ignored (RFC 2046, section 5.1.1).
                return _End.FORM
            await self._read()
        return self._events.popleft()

    async def _read(self) -> None:
        chunk = await anext(self._chunks, None)
        if chunk is None:
            raise Problem(problem_types.BAD_REQUEST)
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise Problem(problem_types.BAD_REQUEST) from None

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        if len(self._name) > MAX_PART_HEADER:
            raise Problem(problem_types.BAD_REQUEST)

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > MAX_PART_HEADER:
            raise Problem(problem_types.BAD_REQUEST)

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_content(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Problem(problem_types.BAD_REQUEST)
        # Browsers write quotation marks in this way (HTML standard, multipart/form-data).
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1").replace("%22", r"\"")
        parameters = parse_parameters(disposition)[1]
        name = parameters.get("name", "").encode("latin-1", "replace").decode(errors="replace")
        self._events.append(Part(name, disposition, is_file=bool({"filename", "filename*"} & parameters.keys())))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _on_end(self) -> None:
        self._has_ended = True


class FileForm:
    """A form whose only part is a file. Call `begin` first, then read `content`.

    Both raise the problem `invalid` for other parts.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        self._form = MultipartForm(content_type, chunks)

    async def begin(self) -> str:
        """Read up to the content of the file. Returns its `Content-Disposition`."""
        part = await self._form.next_part()
        if part is None or not part.is_file:
            raise _not_one_file()
        return part.disposition

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file."""
        async for piece in self._form.content():
            yield piece
        if await self._form.next_part() is not None:
            raise _not_one_file()


def _not_one_file() -> Problem:
    return Problem(problem_types.INVALID, FieldError("one_file", pointer=""))
