"""The life of a request as the verification expects it: the steps that each state allows, restated.

`tests/unit/verification/test_expectations.py` compares it with intake's table.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from services.common.contracts.asked import ItemState
from services.common.contracts.handling import (
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMissRetracted,
    DeadlineMoved,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestRated,
    RequestReopened,
)
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    DocumentRefused,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
    State,
)

RUNNING: Final = (State.REGISTERED, State.IN_ANALYSIS)
WAITING: Final = (State.AWAITING_DOCUMENTS,)
OPEN: Final = (*RUNNING, *WAITING)
DECIDED: Final = (State.ANSWERED, State.CONCLUDED)
ENDED: Final = frozenset({State.CONCLUDED, State.WITHDRAWN, State.REJECTED})


def _to(state: State, *sources: State) -> Mapping[State, State]:
    return dict.fromkeys(sources, state)


def _same(*states: State) -> Mapping[State, State]:
    return {state: state for state in states}


STEPS: Final[Mapping[type[LifecycleFact], Mapping[State, State]]] = {
    RequestRegistered: _to(State.REGISTERED, State.RECEIVED),
    RequestRouted: _same(*OPEN),
    RequestInAnalysis: _to(State.IN_ANALYSIS, State.REGISTERED),
    DocumentsRequested: _to(State.AWAITING_DOCUMENTS, *RUNNING),
    DocumentsReminded: _same(*WAITING),
    DocumentsReceived: _to(State.IN_ANALYSIS, *WAITING),
    DocumentsLapsed: _to(State.IN_ANALYSIS, *WAITING),
    HearingOpened: _to(State.IN_ANALYSIS, *RUNNING),
    HearingClosed: _same(State.IN_ANALYSIS),
    RequestForwarded: _same(*OPEN),
    RequestExtended: _same(*RUNNING),
    DeadlineApproaching: _same(*RUNNING),
    DeadlineMissed: _same(*RUNNING),
    DeadlineMissRetracted: _same(*OPEN),
    DeadlineMoved: _same(*RUNNING),
    RequestAnswered: _to(State.ANSWERED, *OPEN, State.ANSWERED),
    RequestConcluded: _to(State.CONCLUDED, State.ANSWERED),
    RequestRejected: _to(State.REJECTED, *OPEN),
    RequestWithdrawn: _to(State.WITHDRAWN, *OPEN),
    RequestReopened: _to(State.IN_ANALYSIS, *DECIDED),
    MessageAdded: _same(*OPEN),
    RequestRated: _same(*DECIDED, State.REJECTED),
    DocumentAccepted: _same(*State),
    DocumentRefused: _same(*State),
    ActRefused: _same(*State),
}
"""By fact: the states that allow it, and where it leads from each."""

RAISE_EPOCH: Final = (RequestForwarded, RequestReopened, DocumentsReceived, DocumentsLapsed)
"""The facts after which earlier commands are out of date."""


class Step(NamedTuple):
    """A fact, and the state before it."""

    before: State
    fact: LifecycleFact

    @property
    def is_allowed(self) -> bool:
        """A second answer must conclude the request: the window of the first one goes on."""
        again = self.before is State.ANSWERED and isinstance(self.fact, RequestAnswered) and not self.fact.concludes
        return not again and STEPS.get(type(self.fact), {}).get(self.before) is self.fact.state


def steps(facts: Sequence[LifecycleFact]) -> Iterator[Step]:
    """The steps of a life, from its facts in the order of their numbers."""
    state = State.RECEIVED
    for fact in facts:
        yield Step(state, fact)
        state = fact.state


def waits_for_author(facts: Sequence[LifecycleFact]) -> bool:
    """Whether its author has something to do: deliver a document, answer a hearing, or read an answer."""
    match facts[-1].state:
        case State.AWAITING_DOCUMENTS:
            asked = [fact.asked for fact in facts if fact.asked is not None]
            return any(item.state is ItemState.OPEN for item in asked[-1])
        case State.IN_ANALYSIS:
            hearings = [fact for fact in facts if isinstance(fact, HearingOpened | HearingClosed)]
            return bool(hearings) and isinstance(hearings[-1], HearingOpened)
        case state:
            return state is State.ANSWERED


def epochs(facts: Sequence[LifecycleFact]) -> list[int]:
    """The epoch after each fact: it starts at 1."""
    raised, expected = 1, []
    for fact in facts:
        raised += isinstance(fact, RAISE_EPOCH)
        expected.append(raised)
    return expected
