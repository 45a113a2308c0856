"""Checks the size and the type of an upload by its bytes."""

from typing import Final

import puremagic

from services.common.contracts.limits import MAX_FILE_BYTES, MEDIA_TYPES

HEAD: Final = 1024
"""Bytes at the beginning by which the type is detected."""


class Unacceptable(Exception):
    """The upload is rejected."""


class TooLarge(Unacceptable):
    """Over 25 MiB."""


class WrongType(Unacceptable):
    """Neither PDF, PNG nor JPEG by its first bytes, or not the declared type."""


class Empty(Unacceptable):
    """There are no bytes."""


def detected(head: bytes) -> str | None:
    """The media type of a file by its first bytes; None if it is not one of `MEDIA_TYPES`."""
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    at_start = (match.mime_type for match in matches if match.offset == 0 and match.mime_type in MEDIA_TYPES)
    return next(at_start, None)


class Inspection:
    """Checks an upload while it is received: call `take` for each chunk, then `end`. Raises `Unacceptable` early."""

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
                self._check_type()

    def end(self) -> None:
        if not self.size:
            raise Empty
        if len(self._head) < HEAD:
            self._check_type()

    def _check_type(self) -> None:
        if detected(self._head) != self._declared:
            raise WrongType
