"""What a handler answers: the aggregate as it is now, and what is to be said."""

from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.common.contracts import Said

S = TypeVar("S", bound=BaseModel)


class Decision(NamedTuple, Generic[S]):
    """`refused` tells a valid act that is not allowed from one that took effect; both may say facts."""

    state: S | None
    says: tuple[Said, ...] = ()
    refused: bool = False


def changed(state: S, *says: Said) -> Decision[S]:
    return Decision(state, says)


def unchanged(state: S | None) -> Decision[S]:
    return Decision(state)


def refused(state: S | None, *says: Said) -> Decision[S]:
    return Decision(state, says, refused=True)
