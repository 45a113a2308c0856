"""The state machine of a request, as a table: for each move, the states that allow it and the state it leads to.

A move that is not in the table is refused.
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
    """The person withdraws the request."""
    LAPSE = "lapse"
    """The reply window passed without a reply."""


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


DECIDED: Final = frozenset({State.ANSWERED, State.CONCLUDED, State.REJECTED})
"""States in which a department has decided about the person's words. A command that leads to one of them is refused as
`stale` if the department has not seen all of these words.
"""

CLOSED: Final = frozenset({State.CONCLUDED, State.WITHDRAWN, State.REJECTED})
"""States in which nobody can answer any more."""


def next_state(state: State, move: Move) -> State | None:
    """The state after `move` in `state`; None if the move is not allowed."""
    return TRANSITIONS[move].get(state)
