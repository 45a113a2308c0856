"""More facts of `requests.lifecycle.v1`: documents asked, a hearing, another department, another date, coming back, a rating."""

from datetime import date

from services.common.contracts.base import Code, Prose
from services.common.contracts.intake import Score
from services.common.contracts.lifecycle import LifecycleFact
from services.common.legal_clock import Deadline


class DocumentsRequested(LifecycleFact, type="request.documents-requested"):
    """The department asks for documents: those of `asked` with a number in `items`. The legal term is suspended."""

    department: Code
    text: Prose | None = None
    items: tuple[int, ...]
    deliver_until: date
    deliver_term: Deadline
    """How `deliver_until` was counted."""


class DocumentsReminded(LifecycleFact, type="request.documents-reminder"):
    """Two working days are left to deliver the open items."""

    deliver_until: date


class DocumentsReceived(LifecycleFact, type="request.documents-received"):
    """The last asked document was accepted: the request is in analysis again, and the legal term goes on."""


class DocumentsLapsed(LifecycleFact, type="request.documents-lapsed"):
    """Documents were not delivered in time: the request is in analysis again, and the legal term goes on."""

    deliver_until: date


class HearingOpened(LifecycleFact, type="request.hearing-opened"):
    """The department intends to refuse, and hears the person first (CPA, art. 121). The legal term is suspended."""

    department: Code
    text: Prose
    answer_until: date
    answer_term: Deadline
    """How `answer_until` was counted."""


class HearingClosed(LifecycleFact, type="request.hearing-closed"):
    """The person answered the intention, or let the term pass. The legal term goes on."""

    answered: bool


class RequestForwarded(LifecycleFact, type="request.forwarded"):
    """A department transferred the request to another one. The day of entry stays. `hops` counts the transfers so far."""

    department: Code
    """The department that has it now."""
    from_department: Code
    text: Prose
    hops: int


class RequestExtended(LifecycleFact, type="request.extended"):
    """The department gave itself more time, for a reason: `deadline` has the new date."""

    department: Code
    text: Prose


class RequestReopened(LifecycleFact, type="request.reopened", schema="lifecycle.request.reopened"):
    """The person came back on the answer: the request is in analysis again, with a new term. A message of theirs follows."""

    act_id: str
    department: Code | None = None


class RequestRated(LifecycleFact, type="request.rated", schema="lifecycle.request.rated"):
    act_id: str
    score: Score
    text: Prose | None = None


class DeadlineApproaching(LifecycleFact, type="request.deadline-approaching"):
    """`working_days_left`, the last day included."""

    due_on: date
    working_days_left: int


class DeadlineMissed(LifecycleFact, type="request.deadline-missed"):
    """The legal term passed without a decision."""

    due_on: date


class DeadlineMissRetracted(LifecycleFact, type="request.deadline-miss-retracted"):
    """The term that was said to be missed was not: what kept it happened in time, and arrived late."""

    due_on: date


class DeadlineMoved(LifecycleFact, type="request.deadline-moved"):
    """The calendar changed, and `deadline` with it."""
