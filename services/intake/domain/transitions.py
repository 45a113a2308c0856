"""The life of a request as a table: from which states each move may be made, and where it leads.

A move that the table lacks is refused, never guessed.
"""

from enum import StrEnum
from typing import Final

from services.intake.messages import State


class Move(StrEnum):
    ROUTE = "route"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    RESOLVE = "resolve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    """Its author takes it back."""
    LAPSE = "lapse"
    """Nobody came back on the answer in time."""


_OPEN: Final = (State.REGISTERED, State.IN_ANALYSIS)

TRANSITIONS: Final[dict[Move, dict[State, State]]] = {
    Move.ROUTE: {state: state for state in _OPEN},
    Move.ACKNOWLEDGE: dict.fromkeys(_OPEN, State.IN_ANALYSIS),
    Move.ANSWER: dict.fromkeys(_OPEN, State.ANSWERED),
    Move.RESOLVE: dict.fromkeys((*_OPEN, State.ANSWERED), State.CONCLUDED),
    Move.REJECT: dict.fromkeys(_OPEN, State.REJECTED),
    Move.WITHDRAW: dict.fromkeys((*_OPEN, State.AWAITING_DOCUMENTS), State.WITHDRAWN),
    Move.LAPSE: {State.ANSWERED: State.CONCLUDED},
}


def after(state: State, move: Move) -> State | None:
    """Where `move` leads from `state`; None when it is not allowed there."""
    return TRANSITIONS[move].get(state)
