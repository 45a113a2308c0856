"""Which facts are told to people, and on which channels."""

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
    """What a fact is called as a notice, and the channels it goes out on."""

    notice: str
    channels: tuple[Channel, ...]


MATRIX: Final[Mapping[type[LifecycleFact], Row]] = {
    RequestRegistered: Row("registered", ("email",)),
    RequestAnswered: Row("answered", ("email",)),
    # Nothing in the fact tells a conclusion by the act that also answered, of which the person already hears, from
    # one by mere lapse of time, which changes nothing for them. The answer is the news, so it alone is a notice.
    RequestConcluded: Row("concluded", ()),
    RequestRejected: Row("rejected", ("email",)),
    RequestWithdrawn: Row("withdrawn", ("email",)),
    DocumentRefused: Row("document-refused", ("email",)),
}
