"""Checks the size and finds the type of an upload by its bytes, whatever type its sender gave it."""

import codecs
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from services.common.contracts.limits import MAX_FILE_BYTES

HEAD: Final = 1024
"""Bytes at the beginning by which the type is detected."""


_SIGNATURES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""A JPEG may begin with any segment, so only the marker before it and its first byte are compared."""

_PDF: Final = b"%PDF-"
_PDF_WHITE_SPACE: Final = b"\0\t\n\f\r "
"""ISO 32000-1, section 7.2.2."""


class Unacceptable(Exception):
    """The upload is rejected."""


class TooLarge(Unacceptable):
    """Over 25 MiB."""


class WrongType(Unacceptable):
    """Neither PDF, PNG nor JPEG by its first bytes."""


class Empty(Unacceptable):
    """There are no bytes."""


def detected(head: bytes) -> str | None:
    """The media type of a file by its first bytes; None if it is not one of `MEDIA_TYPES`.

    Some programs write a byte order mark or line ends before a PDF, and readers accept it.
    """
    if head.removeprefix(codecs.BOM_UTF8).lstrip(_PDF_WHITE_SPACE).startswith(_PDF):
        return "application/pdf"
    return next((media_type for signature, media_type in _SIGNATURES.items() if head.startswith(signature)), None)


class Inspection:
    """Checks an upload while it is received. Call `begin` first, then read `content`. Both raise `Unacceptable`."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = aiter(chunks)
        self._head = b""
        self.media_type = ""
        self.size = 0

    async def begin(self) -> None:
        """Read the first bytes, and find the media type."""
        while len(self._head) < HEAD and (chunk := await anext(self._chunks, None)) is not None:
            self._head += chunk
        if not self._head:
            raise Empty
        media_type = detected(self._head[:HEAD])
        if media_type is None:
            raise WrongType
        self.media_type = media_type

    async def content(self) -> AsyncIterator[bytes]:
        """All bytes."""
        yield self._counted(self._head)
        async for chunk in self._chunks:
            yield self._counted(chunk)

    def _counted(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self.size > MAX_FILE_BYTES:
            raise TooLarge
        return chunk
