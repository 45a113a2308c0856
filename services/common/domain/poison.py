"""A record that was dead-lettered as poison, for handlers that answer its author."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.common.domain.position import Position

MAX_TEXT: Final = 255
"""Characters of a key or header that may be repeated to the author of the record."""

DISCARDED: Final = "discarded"
"""The reason of a record that our own bug could not apply, and that an operator discarded."""

UNKNOWN_FIELD: Final = "extra_forbidden"
"""Pydantic's rule that a field breaks which the event does not have."""

REPEATED: Final = "repeated"
"""The rule that a name breaks which occurs twice in one object."""


class PoisonRecord(NamedTuple):
    """A record that will never be applied. `position` and `at` are those of its first append; `reason` is the code on its
    dead letter.

    Nothing about key and headers has been checked: they may be missing, repeated, or any bytes.
    """

    position: Position
    at: datetime
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    reason: str

    @property
    def key_text(self) -> str | None:
        """The key as text; None if there is none, or none that can be repeated."""
        return _text(self.key)

    @property
    def request_id(self) -> UUID | None:
        """The key as a UUID; None if it is none."""
        try:
            return UUID((self.key or b"").decode("ascii"))
        except ValueError:
            return None

    def header(self, name: str) -> str | None:
        """The header's text; None if it is missing, repeated, or cannot be repeated."""
        values = [value for header, value in self.headers if header == name]
        return _text(values[0]) if len(values) == 1 else None


def _text(value: bytes | None) -> str | None:
    try:
        text = (value or b"").decode()
    except UnicodeDecodeError:
        return None
    return text if text and len(text) <= MAX_TEXT and "\0" not in text else None
