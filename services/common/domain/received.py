"""An event as a domain meets it, with what the log tells about it."""

from datetime import datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar

from services.common.contracts import Event
from services.common.domain.position import Position

E_co = TypeVar("E_co", bound=Event, covariant=True)

INBOX_AGE: Final = timedelta(days=35)
"""How long an inbox remembers an event: longer than the log (29 days) can deliver it again."""


class Received(NamedTuple, Generic[E_co]):
    """An event as a handler meets it.

    `at` is the broker's append time (the original one, if redriven); `target` the key of the document to decide on;
    `partition` the one whose owner may touch that document; `quiet`: people are not told of it, nor of what follows.

    A tuple, since one is made of every record: a frozen dataclass takes several times as long to make.
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
        """Ids are scoped by the topic they came on: two writers cannot silence each other."""
        return f"{self.topic} {self.id}"
