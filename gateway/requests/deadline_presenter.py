"""Explains the legal dates of a request, day by day, in one language."""

from datetime import date
from typing import Final

from gateway.requests.deadline_schemas import DeadlineResponse, ExplainedDate, ExplainedDay, SuspendedTime
from gateway.requests.queries import Found
from gateway.requests.status import status_of
from gateway.requests.view import TimelineFact
from services.common.catalogue import Language
from services.common.http.languages import Words
from services.common.legal_clock import CountedDay, Deadline, explain
from services.common.text.dates import IN_WORDS
from services.common.text.legal_dates import rule

BEGAN_ANEW: Final = Words(
    "O prazo começou de novo a {day}, quando voltou ao pedido depois da resposta.",
    "The term began anew on {day}, when you came back on the answer.",
)


class DeadlinePresenter:
    def __init__(self, language: Language) -> None:
        self._language = language

    def explanation(self, found: Found) -> DeadlineResponse:
        if found.view is None:
            return DeadlineResponse(reference=found.receipt.reference)
        status = status_of(found.view)
        return DeadlineResponse(
            reference=found.view.reference,
            deadline=self._explained(status.deadline, found.view.entered_on),
            deliver=self._term_of(status.delivery),
            hearing=self._term_of(status.hearing),
            reply=self._term_of(status.answer),
        )

    def _term_of(self, fact: TimelineFact | None) -> ExplainedDate | None:
        return None if fact is None else self._explained(fact.term)

    def _explained(self, deadline: Deadline | None, first_day: str | None = None) -> ExplainedDate | None:
        """`first_day`: that of the request's first term, for a term that may have begun anew since."""
        if deadline is None:
            return None
        sentences = list(rule(deadline, self._language))
        if first_day is not None and deadline.entered_on > date.fromisoformat(first_day):
            sentences.insert(
                0, BEGAN_ANEW.in_(self._language).format(day=IN_WORDS[self._language](deadline.entered_on))
            )
        return ExplainedDate(
            due_on=deadline.due_on,
            entered_on=deadline.entered_on,
            rule=sentences,
            length=deadline.length,
            unit=deadline.unit,
            dilation=deadline.dilation,
            extension=deadline.extension,
            suspensions=[SuspendedTime(**dict(each)) for each in deadline.suspensions],
            calendar=deadline.calendar,
            days=[self._day(each) for each in explain(deadline)],
        )

    def _day(self, counted: CountedDay) -> ExplainedDay:
        name = Words(counted.pt, counted.en).in_(self._language)
        return ExplainedDay(
            day=counted.day,
            counts=counted.because is None,
            number=counted.number,
            because=counted.because,
            name=name or None,
        )
