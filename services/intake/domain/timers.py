"""What time alone does to a request: warnings, missed and lapsed terms, and a reminder. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.common.contracts.asked import ItemState
from services.common.domain.decision import Decision, unchanged
from services.common.domain.timers import Timer
from services.common.legal_clock import end_of, start_of
from services.intake.domain import asked
from services.intake.domain.state import Alert, Progress, Request
from services.intake.domain.terms import Terms, close_hearing, follow_calendar, reply_until, resume, say_missed
from services.intake.domain.transitions import Move, next_state
from services.intake.messages import (
    DeadlineApproaching,
    DocumentsLapsed,
    DocumentsReminded,
    RequestConcluded,
    State,
)

LAPSE: Final = "answer-lapsed"
WARN: Final = "deadline-approaching"
MISS: Final = "deadline-missed"
REMIND: Final = "documents-reminder"
LAPSE_DOCUMENTS: Final = "documents-lapsed"
LAPSE_HEARING: Final = "hearing-lapsed"


def timers(request: Request) -> Sequence[Timer]:
    """The due times of a request, by its state."""
    until = reply_until(request)
    if request.state is State.ANSWERED and until is not None:
        return (Timer(LAPSE, end_of(until)),)
    if request.state is State.AWAITING_DOCUMENTS:
        return _documents_timers(request)
    if next_state(request.state, Move.MISS) is None:
        return ()
    if request.hearing_until is not None:
        return (Timer(LAPSE_HEARING, end_of(request.hearing_until)),)
    warnings = tuple(Timer(WARN, _warned_at(request, alert)) for alert in request.alerts)
    return warnings if request.missed else (*warnings, Timer(MISS, _passed_at(request)))


def _passed_at(request: Request) -> datetime:
    """When the term has passed. A term that was counted again to a day in the past passed at that moment: judged by the calendar
    of its last day, it might be moved on again.
    """
    end = end_of(request.due_on)
    return end if request.counted_at is None else max(end, request.counted_at)


def _warned_at(request: Request, alert: Alert) -> datetime:
    """When a warning is due. A day that was near already when the term was counted is warned of at that moment: judged by the calendar
    of its beginning, the date might be moved back.
    """
    start = start_of(alert.day)
    return start if request.counted_at is None else max(start, request.counted_at)


def _documents_timers(request: Request) -> Sequence[Timer]:
    """None while every item was delivered: only the check of the files is waited for then."""
    if request.deliver_until is None or not asked.has_open_item(request):
        return ()
    lapse = Timer(LAPSE_DOCUMENTS, end_of(request.deliver_until))
    return (lapse,) if request.remind_on is None else (Timer(REMIND, start_of(request.remind_on)), lapse)


def lapse(current: Request | None, at: datetime) -> Decision[Request]:
    """Conclude an answered request, because the window to come back on the answer has passed."""
    if current is None or not _is_due(current, LAPSE, at):
        return unchanged(current)
    progress = Progress(current, at)
    progress.say(RequestConcluded, State.CONCLUDED, lapsed=True)
    return progress.decision()


def warn(current: Request | None, at: datetime, terms: Terms) -> Decision[Request]:
    """Say that few working days are left. If the calendar moved the term, its new date is said, and what is due by that."""
    if current is None or not _is_due(current, WARN, at):
        return unchanged(current)
    progress = Progress(current, at)
    follow_calendar(progress, terms)
    request = progress.request
    due = [alert for alert in request.alerts if _warned_at(request, alert) <= at]
    progress.change(alerts=tuple(alert for alert in request.alerts if alert not in due))
    for alert in due:
        progress.say(DeadlineApproaching, due_on=request.due_on, working_days_left=alert.working_days_left)
    return progress.decision()


def miss(current: Request | None, at: datetime, terms: Terms) -> Decision[Request]:
    """Say that the term passed without a decision, unless the calendar moved it."""
    if current is None or not _is_due(current, MISS, at):
        return unchanged(current)
    progress = Progress(current, at)
    if not follow_calendar(progress, terms):
        say_missed(progress)
    return progress.decision()


def remind(current: Request | None, at: datetime, terms: Terms) -> Decision[Request]:
    """Remind the person of documents that are not delivered yet."""
    if current is None or current.deliver_until is None or not _is_due(current, REMIND, at):
        return unchanged(current)
    progress = Progress(current, at)
    progress.change(remind_on=None)
    progress.say(DocumentsReminded, deliver_until=current.deliver_until, asked=current.asked)
    follow_calendar(progress, terms)
    return progress.decision()


def lapse_documents(current: Request | None, at: datetime, terms: Terms) -> Decision[Request]:
    """The term to deliver passed: the request is in analysis without what is missing, and the term of the answer goes on."""
    if current is None or current.deliver_until is None or not _is_due(current, LAPSE_DOCUMENTS, at):
        return unchanged(current)
    until = current.deliver_until
    progress = Progress(current, at)
    resume(progress, terms, until)
    progress.change(
        asked=asked.end_items(current, ItemState.LAPSED),
        epoch=current.epoch + 1,
        deliver_until=None,
        remind_on=None,
    )
    request = progress.request
    progress.say(
        DocumentsLapsed, State.IN_ANALYSIS, deliver_until=until, asked=request.asked, deadline=request.deadline
    )
    return progress.decision()


def lapse_hearing(current: Request | None, at: datetime, terms: Terms) -> Decision[Request]:
    """The person let the term of the hearing pass."""
    if current is None or current.hearing_until is None or not _is_due(current, LAPSE_HEARING, at):
        return unchanged(current)
    progress = Progress(current, at)
    close_hearing(progress, terms, current.hearing_until, answered=False)
    return progress.decision()


def _is_due(request: Request, kind: str, at: datetime) -> bool:
    """Whether the timer still stands: earlier records of the same batch may have changed the request."""
    return Timer(kind, at) in timers(request)
