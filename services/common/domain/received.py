"""An event as handlers receive it, with the metadata of its record."""

from datetime import datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar

from services.common.contracts import Event
from services.common.domain.position import Position

E_co = TypeVar("E_co", bound=Event, covariant=True)

INBOX_AGE: Final = timedelta(days=35)
"""How long an inbox keeps an event: longer than the log keeps the record (29 days) and can redeliver it."""


class Received(NamedTuple, Generic[E_co]):
    """An event as a handler receives it.

    `key` is the record's key, and `target` the key of the document to decide on. `at` is the broker's append time; for a
    redriven record, the original one. The owner of `partition` may change the document. `quiet`: no person is notified
    of this event, nor of the events that it causes. `digest` identifies the bytes of the value, and the type of a command.

    A named tuple, because one is created for every record: a frozen dataclass takes several times as long.
    """

    event: E_co
    id: str
    digest: bytes
    topic: str
    key: str
    target: str
    partition: int
    at: datetime
    position: Position
    correlation: str
    traceparent: str | None = None
    quiet: bool = False

    @property
    def inbox_id(self) -> str:
        """The id with its topic: an id that one topic's writer used cannot suppress another topic's event."""
        return f"{self.topic} {self.id}"
