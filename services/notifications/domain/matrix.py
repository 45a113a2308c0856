"""Which facts become notices, and on which channels they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notifications.messages import (
    Channel,
    DocumentRefused,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The name of the notice, and its channels."""

    notice: str
    channels: tuple[Channel, ...]


MATRIX: Final[Mapping[type[LifecycleFact], Row]] = {
    RequestRegistered: Row("registered", ("email",)),
    RequestAnswered: Row("answered", ("email",)),
    # No notice: a conclusion follows an answer, which was a notice already, or the end of a period, which changes
    # nothing for the person. The fact does not say which of the two it is.
    RequestConcluded: Row("concluded", ()),
    RequestRejected: Row("rejected", ("email",)),
    RequestWithdrawn: Row("withdrawn", ("email",)),
    DocumentRefused: Row("document-refused", ("email",)),
}
