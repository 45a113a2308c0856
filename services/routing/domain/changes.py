"""What the facts of a request change about its assignment. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.routing.domain.state import ENDED, Assignment
from services.routing.messages import (
    DeadlineMissed,
    DeadlineMissRetracted,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    LifecycleFact,
    RequestAnswered,
    RequestForwarded,
    RequestReopened,
    State,
)

_SAYS: Final[Mapping[type[LifecycleFact], Callable[[Any], dict[str, Any]]]] = {
    DocumentsRequested: lambda fact: {"deliver_until": fact.deliver_until},
    HearingOpened: lambda fact: {"hearing_until": fact.answer_until},
    HearingClosed: lambda _: {"hearing_until": None},
    RequestAnswered: lambda fact: {"reply_until": fact.reply_until},
    RequestForwarded: lambda fact: {"hops": fact.hops},
    RequestReopened: lambda _: {"overdue": False},
    DeadlineMissed: lambda _: {"overdue": True},
    DeadlineMissRetracted: lambda _: {"overdue": False},
}
"""The fields that only one kind of fact sets."""

_ONLY_IN: Final[Mapping[str, frozenset[State]]] = {
    "deliver_until": frozenset({State.AWAITING_DOCUMENTS}),
    "hearing_until": frozenset({State.IN_ANALYSIS}),
    "reply_until": frozenset({State.ANSWERED, State.CONCLUDED}),
}
"""The states in which the person has such a term. Any other state ends it."""


def changed_by(current: Assignment, fact: LifecycleFact, **changes: Any) -> Assignment:
    """The assignment after `fact`, with further `changes`.

    A redriven fact may be older than the ones included already: it must not bring back what a later one changed.
    """
    said = _said(fact)
    newest = {name: value for name, value in said.items() if fact.seq > current.set_by.get(name, 0)}
    state = fact.state if fact.seq > current.as_of else current.state
    ended_terms = {name: None for name, states in _ONLY_IN.items() if state not in states}
    always = {
        "state": state,
        "closed": state in ENDED,
        "epoch": max(current.epoch, fact.epoch or 1),
        "as_of": max(current.as_of, fact.seq),
        "set_by": current.set_by | dict.fromkeys(newest, fact.seq),
    }
    return current.model_copy(update=newest | ended_terms | always | changes)


def _said(fact: LifecycleFact) -> dict[str, Any]:
    said = _SAYS.get(type(fact), lambda _: {})(fact)
    if fact.asked is not None:
        said["asked"] = fact.asked
    if fact.deadline is not None:
        said |= {"deadline": fact.deadline, "due_on": fact.deadline.due_on}
    return said
