"""Where a request stands for its author, derived from the facts of its view. Pure."""

from datetime import date
from typing import Final, NamedTuple

from gateway.requests.view import RequestView, TimelineFact
from services.common.contracts.asked import AskedItem
from services.common.contracts.lifecycle import State
from services.common.legal_clock import Deadline

ANSWERED: Final = "request.answered"
MISSED: Final = "request.deadline-missed"
MISS_RETRACTED: Final = "request.deadline-miss-retracted"
REOPENED: Final = "request.reopened"
DOCUMENTS_REQUESTED: Final = "request.documents-requested"
HEARING_OPENED: Final = "request.hearing-opened"
HEARING_CLOSED: Final = "request.hearing-closed"
RATED: Final = "request.rated"

DECIDED: Final = (State.ANSWERED, State.CONCLUDED)


class Status(NamedTuple):
    """`due_on` and `deadline` are the legal deadline; requests of older versions have only the day. `overdue`: it passed before a
    decision.

    `delivery` is the ask for documents that is open, `hearing` the hearing that is open, `answer` the answer that stands, and
    `rating` the author's rating.
    """

    state: State
    due_on: date | None
    deadline: Deadline | None
    overdue: bool
    asked: tuple[AskedItem, ...]
    delivery: TimelineFact | None
    hearing: TimelineFact | None
    answer: TimelineFact | None
    rating: TimelineFact | None


def status_of(view: RequestView) -> Status:
    facts = [fact for _, fact in sorted(view.facts.items())]
    deadline = next((fact.deadline for fact in reversed(facts) if fact.deadline is not None), None)
    first_due_on = None if view.due_on is None else date.fromisoformat(view.due_on)
    missed = _latest(facts, MISSED, MISS_RETRACTED, REOPENED)
    hearing = _latest(facts, HEARING_OPENED, HEARING_CLOSED)
    is_heard = view.state is State.IN_ANALYSIS and hearing is not None and hearing.type == HEARING_OPENED
    return Status(
        state=view.state,
        due_on=first_due_on if deadline is None else deadline.due_on,
        deadline=deadline,
        overdue=missed is not None and missed.type == MISSED,
        asked=() if view.asked is None else view.asked.items,
        delivery=_latest(facts, DOCUMENTS_REQUESTED) if view.state is State.AWAITING_DOCUMENTS else None,
        hearing=hearing if is_heard else None,
        answer=_standing_answer(facts) if view.state in DECIDED else None,
        rating=_latest(facts, RATED),
    )


def _standing_answer(facts: list[TimelineFact]) -> TimelineFact | None:
    """The last answer. A conclusion that follows an answer keeps its last day to come back, and how that was counted."""
    answer = _latest(facts, ANSWERED)
    if answer is None or answer.term is not None:
        return answer
    counted = [fact.term for fact in facts if fact.type == ANSWERED and fact.term and fact.until == answer.until]
    return answer.model_copy(update={"term": counted[-1]}) if counted else answer


def _latest(facts: list[TimelineFact], *types: str) -> TimelineFact | None:
    return next((fact for fact in reversed(facts) if fact.type in types), None)
