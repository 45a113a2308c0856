"""The life of a request as one table: for each move who may cause it, the states that allow it, where it leads, and who is told.

A move that the table lacks is refused. `docs/states.md` is printed from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.intake.messages import (
    DeadlineApproaching,
    DeadlineMissed,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestExtended,
    RequestForwarded,
    RequestInAnalysis,
    RequestRated,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestRouted,
    RequestWithdrawn,
    State,
)


class Actor(StrEnum):
    """Who may cause a move."""

    PERSON = "person"
    DEPARTMENT = "department"
    ROUTING = "routing"
    FILE_CHECK = "file check"
    CLOCK = "clock"


class Move(StrEnum):
    REGISTER = "register"
    ROUTE = "route"
    ACKNOWLEDGE = "acknowledge"
    REQUEST_INFORMATION = "request-information"
    REMIND = "remind"
    RECEIVE_DOCUMENTS = "receive-documents"
    """The last asked document was accepted."""
    LAPSE_DOCUMENTS = "lapse-documents"
    HEAR = "hear"
    CLOSE_HEARING = "close-hearing"
    """The person answered the hearing."""
    LAPSE_HEARING = "lapse-hearing"
    TRANSFER = "transfer"
    EXTEND = "extend"
    WARN = "warn"
    MISS = "miss"
    ANSWER = "answer"
    RESOLVE = "resolve"
    REJECT = "reject"
    ADD_MESSAGE = "add-message"
    REOPEN = "reopen"
    """The person comes back on an answer, within its window."""
    WITHDRAW = "withdraw"
    RATE = "rate"
    LAPSE = "lapse"
    """The window to come back on an answer has passed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`to`: by state in which the move is allowed, the state it leads to. `facts`: what intake publishes, in order.

    `notice` names the notice that the person gets, and `inbox` the inbox events that the department gets. `new_epoch`: whether
    commands that were made before are refused after it.
    """

    by: Actor
    to: Mapping[State, State]
    facts: tuple[type[LifecycleFact], ...]
    notice: str | None = None
    inbox: tuple[str, ...] = ()
    new_epoch: bool = False


_RUNNING: Final = (State.REGISTERED, State.IN_ANALYSIS)
OPEN: Final = (*_RUNNING, State.AWAITING_DOCUMENTS)
"""States in which a department has something to do, or waits for the person."""

_SAME: Final = {state: state for state in OPEN}
_SAME_RUNNING: Final = {state: state for state in _RUNNING}
_UPDATED: Final = ("assignment.updated",)
_CLOSED: Final = ("assignment.closed",)

TRANSITIONS: Final[Mapping[Move, Rule]] = {
    Move.REGISTER: Rule(
        Actor.PERSON,
        {State.RECEIVED: State.REGISTERED},
        (RequestRegistered,),
        notice="registered",
        inbox=("assignment.created",),
    ),
    Move.ROUTE: Rule(Actor.ROUTING, _SAME, (RequestRouted,)),
    Move.ACKNOWLEDGE: Rule(
        Actor.DEPARTMENT, dict.fromkeys(_RUNNING, State.IN_ANALYSIS), (RequestInAnalysis,), inbox=_UPDATED
    ),
    Move.REQUEST_INFORMATION: Rule(
        Actor.DEPARTMENT,
        dict.fromkeys(_RUNNING, State.AWAITING_DOCUMENTS),
        (DocumentsRequested,),
        notice="documents-requested",
        inbox=_UPDATED,
    ),
    Move.REMIND: Rule(
        Actor.CLOCK,
        {State.AWAITING_DOCUMENTS: State.AWAITING_DOCUMENTS},
        (DocumentsReminded,),
        notice="documents-reminder",
    ),
    Move.RECEIVE_DOCUMENTS: Rule(
        Actor.FILE_CHECK,
        {State.AWAITING_DOCUMENTS: State.IN_ANALYSIS},
        (DocumentsReceived,),
        inbox=_UPDATED,
        new_epoch=True,
    ),
    Move.LAPSE_DOCUMENTS: Rule(
        Actor.CLOCK,
        {State.AWAITING_DOCUMENTS: State.IN_ANALYSIS},
        (DocumentsLapsed,),
        notice="documents-lapsed",
        inbox=_UPDATED,
        new_epoch=True,
    ),
    Move.HEAR: Rule(
        Actor.DEPARTMENT,
        dict.fromkeys(_RUNNING, State.IN_ANALYSIS),
        (HearingOpened,),
        notice="hearing-opened",
        inbox=_UPDATED,
    ),
    Move.CLOSE_HEARING: Rule(
        Actor.PERSON, {State.IN_ANALYSIS: State.IN_ANALYSIS}, (MessageAdded, HearingClosed), inbox=_UPDATED
    ),
    Move.LAPSE_HEARING: Rule(
        Actor.CLOCK,
        {State.IN_ANALYSIS: State.IN_ANALYSIS},
        (HearingClosed,),
        notice="hearing-lapsed",
        inbox=_UPDATED,
    ),
    Move.TRANSFER: Rule(
        Actor.DEPARTMENT,
        _SAME,
        (RequestForwarded,),
        notice="forwarded",
        inbox=("assignment.closed", "assignment.created"),
        new_epoch=True,
    ),
    Move.EXTEND: Rule(Actor.DEPARTMENT, _SAME_RUNNING, (RequestExtended,), notice="extended", inbox=_UPDATED),
    Move.WARN: Rule(Actor.CLOCK, _SAME_RUNNING, (DeadlineApproaching,), inbox=("assignment.reminder",)),
    Move.MISS: Rule(Actor.CLOCK, _SAME_RUNNING, (DeadlineMissed,), inbox=("assignment.reminder",)),
    Move.ANSWER: Rule(
        Actor.DEPARTMENT,
        dict.fromkeys(OPEN, State.ANSWERED),
        (RequestAnswered,),
        notice="answered",
        inbox=_UPDATED,
    ),
    Move.RESOLVE: Rule(
        Actor.DEPARTMENT,
        dict.fromkeys((*OPEN, State.ANSWERED), State.CONCLUDED),
        (RequestAnswered, RequestConcluded),
        notice="resolved",
        inbox=("assignment.updated", "assignment.closed"),
    ),
    Move.REJECT: Rule(
        Actor.DEPARTMENT, dict.fromkeys(OPEN, State.REJECTED), (RequestRejected,), notice="rejected", inbox=_CLOSED
    ),
    Move.ADD_MESSAGE: Rule(Actor.PERSON, _SAME, (MessageAdded,), inbox=_UPDATED),
    Move.REOPEN: Rule(
        Actor.PERSON,
        dict.fromkeys((State.ANSWERED, State.CONCLUDED), State.IN_ANALYSIS),
        (RequestReopened, MessageAdded),
        notice="reopened",
        inbox=("assignment.created", "assignment.updated"),
        new_epoch=True,
    ),
    Move.WITHDRAW: Rule(
        Actor.PERSON,
        dict.fromkeys(OPEN, State.WITHDRAWN),
        (RequestWithdrawn,),
        notice="withdrawn",
        inbox=("assignment.withdrawn", "assignment.closed"),
    ),
    Move.RATE: Rule(
        Actor.PERSON,
        {state: state for state in (State.ANSWERED, State.CONCLUDED, State.REJECTED)},
        (RequestRated,),
    ),
    Move.LAPSE: Rule(
        Actor.CLOCK, {State.ANSWERED: State.CONCLUDED}, (RequestConcluded,), notice="lapsed", inbox=_CLOSED
    ),
}

DECIDED: Final = frozenset({State.ANSWERED, State.CONCLUDED, State.REJECTED})
"""States in which a department has decided about the person's words. A command that leads to one of them is refused as
`stale` if the department has not seen all of these words. So is a hearing, which says what will be decided about them.
"""


def next_state(state: State, move: Move) -> State | None:
    """The state after `move` in `state`; None if the move is not allowed."""
    return TRANSITIONS[move].to.get(state)
