"""What may be kept: the size and type of the bytes, judged by the bytes."""

from typing import Final

import puremagic

from services.common.contracts.limits import MAX_FILE_BYTES, MEDIA_TYPES

HEAD: Final = 1024
"""Bytes at the beginning by which the type is judged."""


class Unacceptable(Exception):
    """These bytes are not kept."""


class TooLarge(Unacceptable):
    """Over 25 MiB."""


class WrongType(Unacceptable):
    """Neither PDF, PNG nor JPEG by its first bytes, or not the type it was declared as."""


class Empty(Unacceptable):
    """Not one byte."""


def detected(head: bytes) -> str | None:
    """The media type that the first bytes of a file say, if it is one we keep."""
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    at_start = (match.mime_type for match in matches if match.offset == 0 and match.mime_type in MEDIA_TYPES)
    return next(at_start, None)


class Inspection:
    """Looks at a file's bytes as they pass: `take` each chunk, then `end`. Raises `Unacceptable` as soon as it can."""

    def __init__(self, declared: str) -> None:
        if declared not in MEDIA_TYPES:
            raise WrongType
        self._declared = declared
        self._head = b""
        self.size = 0

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > MAX_FILE_BYTES:
            raise TooLarge
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
            if len(self._head) == HEAD:
                self._judge()

    def end(self) -> None:
        if not self.size:
            raise Empty
        if len(self._head) < HEAD:
            self._judge()

    def _judge(self) -> None:
        if detected(self._head) != self._declared:
            raise WrongType
