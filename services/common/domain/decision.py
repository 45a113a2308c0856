"""The result of a handler: the new state, and the events to publish."""

from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.common.contracts import PublishedEvent

S = TypeVar("S", bound=BaseModel)


class Decision(NamedTuple, Generic[S]):
    """`refused` marks a valid act that is not allowed now. Refusals may publish events too."""

    state: S | None
    events: tuple[PublishedEvent, ...] = ()
    refused: bool = False


def changed(state: S, *events: PublishedEvent) -> Decision[S]:
    """Store `state` and publish `events`."""
    return Decision(state, events)


def unchanged(state: S | None) -> Decision[S]:
    """Keep `state` and publish nothing."""
    return Decision(state)


def refused(state: S | None, *events: PublishedEvent) -> Decision[S]:
    """Refuse the act, with this state, and publish `events`."""
    return Decision(state, events, refused=True)
