"""What a handler answers: the aggregate as it is now, and what is to be said."""

from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.common.contracts import DomainEvent

S = TypeVar("S", bound=BaseModel)


class Decision(NamedTuple, Generic[S]):
    """`refused` tells a valid act that is not allowed from one that took effect; both may say facts."""

    state: S | None
    events: tuple[DomainEvent, ...] = ()
    refused: bool = False


def changed(state: S, *events: DomainEvent) -> Decision[S]:
    return Decision(state, events)


def unchanged(state: S | None) -> Decision[S]:
    return Decision(state)


def refused(state: S | None, *events: DomainEvent) -> Decision[S]:
    return Decision(state, events, refused=True)
