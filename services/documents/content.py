"""What may be kept: the size and type of the bytes, judged by the bytes, and a file name that harms nobody."""

import re
import unicodedata
from typing import Final

import puremagic

MAX_SIZE: Final = 25 * 1024 * 1024
"""Bytes of the largest file kept."""

HEAD: Final = 1024
"""Bytes at the beginning by which the type is judged."""

MAX_NAME: Final = 200
"""Characters of a file name, its extension included."""

EXTENSIONS: Final = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
}
"""The media types kept, and what the names of such files end in."""

_PATH: Final = re.compile(r"[/\\]")
_SPACES: Final = re.compile(r"\s+")


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
    at_start = (match.mime_type for match in matches if match.offset == 0 and match.mime_type in EXTENSIONS)
    return next(at_start, None)


class Inspection:
    """Looks at a file's bytes as they pass: `take` each chunk, then `end`. Raises `Unacceptable` as soon as it can."""

    def __init__(self, declared: str) -> None:
        if declared not in EXTENSIONS:
            raise WrongType
        self._declared = declared
        self._head = b""
        self.size = 0

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > MAX_SIZE:
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


def cleaned_name(name: str, media_type: str) -> str:
    """`name` without path, control and direction-changing characters, bounded, and ending as its type does."""
    last = _PATH.split(name)[-1]
    visible = "".join(each for each in last if each.isspace() or unicodedata.category(each)[0] != "C")
    tidy = unicodedata.normalize("NFC", _SPACES.sub(" ", visible)).strip(" .")
    stem, extension = _split(tidy, EXTENSIONS[media_type])
    return (stem[: MAX_NAME - len(extension)].rstrip(" .") or "documento") + extension


def _split(name: str, extensions: tuple[str, ...]) -> tuple[str, str]:
    """Stem and extension; a name that ends as another type's gets the right extension after it."""
    for extension in extensions:
        if name.lower().endswith(extension):
            return name[: -len(extension)], name[-len(extension) :]
    return name, extensions[0]
