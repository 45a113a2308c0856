"""The legal term of a request: how it starts, stops, goes on and grows, and the warnings before it ends. Pure."""

from datetime import date, timedelta
from typing import Final

from services.common.catalogue import Catalogue, Catalogues
from services.common.legal_clock import Calendar, Clock, Deadline, Suspension, WorkingDays, day_of, deadline, end_of
from services.intake.domain.state import Alert, Progress, Request, require_registered
from services.intake.messages import DeadlineMissed, DeadlineMissRetracted, DeadlineMoved, HearingClosed

WARNINGS: Final = (5, 3, 1)
"""Working days before the end of the term at which a warning is said."""

ANSWER_AGAIN: Final = "INF10"
"""The term of a request that its author came back on."""

DELIVER: Final = "DOC10"
"""The term to deliver asked documents."""

HEARING: Final = "AUD10"
"""The term to answer a hearing."""

REPLY_WINDOW: Final = 10
"""Working days in which a person may come back on an answer."""


class Terms:
    """The terms of one request, by the calendar in force: that of its department, and of its author's place."""

    def __init__(self, calendar: Calendar, catalogue: Catalogue, department: str | None, place: str | None) -> None:
        self._calendar = calendar
        self._catalogue = catalogue
        self._place = place
        self.days: WorkingDays = calendar.working_days(department, place)

    @classmethod
    def of(cls, request: Request | None, calendar: Calendar, catalogues: Catalogues) -> "Terms":
        """By the version of the catalogue that the request was filed under. Until a department is known, the one that it names
        for the subject counts.

        Raises Poison for a record that comes before its request.
        """
        request = require_registered(request)
        catalogue = catalogues.version(request.catalogue_version)
        department = request.department or catalogue.department_of(request.subject or "")
        return cls(calendar, catalogue, department, request.place)

    def for_department(self, department: str) -> "Terms":
        """The terms of the same request with another department."""
        return Terms(self._calendar, self._catalogue, department, self._place)

    def first(self, entered_on: date, reason: str) -> Deadline:
        """The term of a reason, from the day of entry."""
        return self.named(entered_on, self._catalogue.reasons[reason].clock)

    def named(self, start: date, term: str) -> Deadline:
        """The term `term` of the catalogue, from `start`."""
        return deadline(start, term, self._catalogue.clocks[term], self.days, place=self._place)

    def reply(self, answered_on: date) -> Deadline:
        """The window to come back on an answer. It is ours, not the law's: no dilation."""
        return deadline(answered_on, "REPLY10", Clock(length=REPLY_WINDOW, unit="working_days"), self.days)

    def again(self, current: Deadline, **changes: object) -> Deadline:
        """`current` with `changes` of its suspensions or extension, counted again by the calendar in force.

        Its length stays that of the law when it started.
        """
        changed = current.model_copy(update=changes)
        clock = Clock(length=changed.length, unit=changed.unit)
        return deadline(
            changed.entered_on,
            changed.term,
            clock,
            self.days,
            place=self._place,
            suspensions=changed.suspensions,
            extension=changed.extension,
        )

    def current(self, request: Request) -> Deadline:
        """The deadline of a request; of one that an older version stored, it is counted from its entry."""
        if request.deadline is not None:
            return request.deadline
        return self.first(request.entered_on, request.reason or "INF")


def set_deadline(progress: Progress, terms: Terms, new: Deadline, today: date) -> None:
    """Set the deadline and the warnings that are still ahead of `today`. A miss that the new date undoes is taken back."""
    if progress.request.missed and progress.at < end_of(new.due_on):
        _retract_miss(progress, new.due_on)
    ahead = [(terms.days.before(new.due_on, left), left) for left in WARNINGS]
    alerts = tuple(Alert(day=day, working_days_left=left) for day, left in ahead if day > max(today, new.entered_on))
    counted_at = max(progress.request.counted_at or progress.at, progress.at)
    progress.change(deadline=new, due_on=new.due_on, alerts=alerts, counted_at=counted_at)


def suspend(progress: Progress, terms: Terms, since: date, because: str) -> None:
    """Stop the term after the day `since`."""
    current = terms.current(progress.request)
    stopped = Suspension.model_validate({"since": since, "because": because})
    set_deadline(progress, terms, terms.again(current, suspensions=(*current.suspensions, stopped)), since)
    progress.change(alerts=())


def resume(progress: Progress, terms: Terms, until: date) -> None:
    """Let the term go on after the day `until`."""
    current = terms.current(progress.request)
    ended = tuple(
        each if each.until is not None else each.model_copy(update={"until": max(each.since, until)})
        for each in current.suspensions
    )
    set_deadline(progress, terms, terms.again(current, suspensions=ended), until)


def end_suspension(progress: Progress, terms: Terms, until: date) -> Deadline | None:
    """The request ends on the day `until`, and a suspension that is open with it. Returns the deadline then, otherwise None."""
    if terms.current(progress.request).suspended_since is None:
        return None
    resume(progress, terms, until)
    return progress.request.deadline


def close_hearing(progress: Progress, terms: Terms, until: date, *, answered: bool) -> None:
    """End the hearing: the term goes on after the day `until`."""
    resume(progress, terms, until)
    progress.change(hearing_until=None)
    progress.say(HearingClosed, answered=answered, deadline=progress.request.deadline)


def settle_miss(progress: Progress, terms: Terms) -> None:
    """Say what is true of the term before a move that suspends or ends it.

    The time of the move (`progress.at`) decides: its record may arrive late. A miss that was said is taken back if the move
    happened in time. One that no timer has said yet is said now. After an answer there is no deadline to miss.
    """
    request = progress.request
    if request.answered_on is not None:
        return
    in_time = progress.at < end_of(request.due_on)
    if request.missed and in_time:
        _retract_miss(progress, request.due_on)
    elif not request.missed and not in_time and not terms.current(request).suspended_since:
        follow_calendar(progress, terms)
        if progress.at >= end_of(progress.request.due_on):
            say_missed(progress)


def say_missed(progress: Progress) -> None:
    progress.change(missed=True)
    progress.say(DeadlineMissed, due_on=progress.request.due_on)


def _retract_miss(progress: Progress, due_on: date) -> None:
    progress.change(missed=False)
    progress.say(DeadlineMissRetracted, due_on=due_on)


def recount(progress: Progress, terms: Terms, today: date) -> Deadline | None:
    """Count the deadline again, by the calendar of now. Returns it if its last day moved; otherwise nothing changes."""
    counted = terms.again(terms.current(progress.request))
    if counted.due_on == progress.request.due_on:
        return None
    set_deadline(progress, terms, counted, today)
    return counted


def follow_calendar(progress: Progress, terms: Terms) -> bool:
    """Whether closed days that were added or removed since move the term: then its new date is said.

    A warning that is due today by the new date is still to be said.
    """
    moved = recount(progress, terms, day_of(progress.at) - timedelta(days=1))
    if moved is None:
        return False
    progress.say(DeadlineMoved, deadline=moved)
    return True


def reply_until(request: Request) -> date | None:
    """The last day to come back on the answer. None without an answer.

    Of one that an older version stored it is counted by the national holidays.
    """
    if request.reply_until is not None or request.answered_on is None:
        return request.reply_until
    return Calendar.of_public_holidays().working_days(None, None).after(request.answered_on, REPLY_WINDOW)
