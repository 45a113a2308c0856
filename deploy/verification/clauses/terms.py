"""Legal terms: each deadline that a fact says is counted again from the facts before it.

The verification counts with the legal clock, but takes the term, its start, its suspensions and its extension from the facts
themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from deploy.verification.evidence import short
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.catalogue import Catalogue, catalogue, catalogues
from services.common.contracts.assignments import AssignmentExtensionRequested
from services.common.contracts.handling import (
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.lifecycle import (
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestRegistered,
    RequestRejected,
    RequestRouted,
    RequestWithdrawn,
)
from services.common.legal_clock import Calendar, Deadline, Suspension, WorkingDays, day_of, deadline

ANSWER_AGAIN: Final = "INF10"

SAY_DEADLINE: Final = (
    RequestRegistered,
    DocumentsRequested,
    DocumentsReceived,
    DocumentsLapsed,
    HearingOpened,
    HearingClosed,
    RequestExtended,
    RequestReopened,
)
"""The facts that start, stop, resume or extend the term, and so must say the deadline."""


@dataclass(slots=True)
class Term:
    """The term of a request, as its facts tell it. `until`: by the id of a command, the last day that an extension asks for."""

    until: dict[str, date]
    place: str | None = None
    department: str | None = None
    entered_on: date | None = None
    catalogue: Catalogue = field(default_factory=catalogue)
    term: str = ANSWER_AGAIN
    extension: int = 0
    suspensions: list[Suspension] = field(default_factory=list)
    delivered_on: date | None = None
    hearing_until: date | None = None

    @property
    def days(self) -> WorkingDays:
        return Calendar.of_public_holidays().working_days(self.department, self.place)

    def count(self) -> Deadline:
        assert self.entered_on is not None
        clock = self.catalogue.clocks[self.term]
        more = {"suspensions": tuple(self.suspensions), "extension": self.extension}
        return deadline(self.entered_on, self.term, clock, self.days, place=self.place, **more)  # type: ignore[arg-type]

    def take(self, fact: LifecycleFact) -> None:
        """Change the term by `fact`."""
        today = day_of(fact.occurred_at)
        match fact:
            case RequestRegistered():
                self.place, self.entered_on = fact.place, fact.entered_on
                self.catalogue = catalogues().version(fact.catalogue_version)
                self.department = self.catalogue.department_of(fact.subject)
                self.term = self.catalogue.reasons[fact.reason].clock
            case RequestReopened():
                self.entered_on, self.term = today, ANSWER_AGAIN
                self.suspensions, self.extension = [], 0
            case RequestRouted() | RequestForwarded():
                self.department = fact.department
            case DocumentsRequested():
                self._suspend(today, "documents")
            case HearingOpened():
                self.hearing_until = fact.answer_until
                self._suspend(today, "hearing")
            case MessageAdded() if fact.items:
                self.delivered_on = today
            case DocumentsReceived():
                self._resume(self.delivered_on or today)
            case DocumentsLapsed():
                self._resume(fact.deliver_until)
            case HearingClosed():
                self._resume(today if fact.answered else self.hearing_until or today)
            case RequestAnswered() | RequestRejected() | RequestWithdrawn():
                self._resume(today)
            case RequestExtended():
                self._extend(self.until.get(fact.command_id or ""))

    def _suspend(self, since: date, because: str) -> None:
        self.delivered_on = None
        self.suspensions.append(Suspension.model_validate({"since": since, "because": because}))

    def _resume(self, until: date) -> None:
        self.suspensions = [
            each if each.until else each.model_copy(update={"until": max(each.since, until)})
            for each in self.suspensions
        ]

    def _extend(self, until: date | None) -> None:
        """A day that is no working day means the next one."""
        if until is not None:
            self.extension += self.days.between(self.count().due_on, self.days.next_working(until))


@clause(Harm.OTHER)
def every_deadline_can_be_counted_again(history: History) -> Iterator[Violation]:
    """Skips deadlines whose calendar has closed days that operators added: nothing here knows them."""
    for key, submission in history.by_request.items():
        for fact, expected in _counted(history, key):
            said = fact.deadline
            if said is not None and "+" not in said.calendar and _dates(said) != _dates(expected):
                what = f"{short(type(fact))} says {said.due_on}, and {expected.due_on} is right"
                yield Violation(f"{submission.name}: {what}", key)


@clause(Harm.OTHER)
def every_change_of_a_term_says_the_deadline(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        for fact in history.facts(key):
            if isinstance(fact, SAY_DEADLINE) and fact.deadline is None:
                yield Violation(f"{submission.name}: {short(type(fact))} says no deadline", key)


def _counted(history: History, key: str) -> Iterator[tuple[LifecycleFact, Deadline]]:
    """Each fact with the deadline that is right after it."""
    extensions = history.events(key, AssignmentExtensionRequested)
    term = Term({event.command.id: event.until for event in extensions})
    for fact in history.facts(key):
        term.take(fact)
        if term.entered_on is not None:
            yield fact, term.count()


def _dates(said: Deadline) -> tuple[date, date, int, Sequence[Suspension]]:
    return said.due_on, said.entered_on, said.extension, said.suspensions


CLAUSES: Final[tuple[Clause, ...]] = (
    every_deadline_can_be_counted_again,
    every_change_of_a_term_says_the_deadline,
)
