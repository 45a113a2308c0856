"""Explains the legal dates of a request, day by day, in one language."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from gateway.requests.deadline_schemas import DeadlineResponse, ExplainedDate, ExplainedDay, SuspendedTime
from gateway.requests.queries import Found
from gateway.requests.status import status_of
from gateway.requests.view import TimelineFact
from services.common.catalogue import Language
from services.common.http.languages import Words
from services.common.legal_clock import CountedDay, Deadline, Suspension, explain
from services.common.text.dates import IN_WORDS

WORKING_DAYS: Final = Words(
    "O prazo é de {length} dias úteis. O dia em que começa, os sábados, os domingos, os feriados e os dias em que o serviço "
    "está fechado não contam (CPA, artigo 87.º).",
    "The term is {length} working days. The day on which it begins, Saturdays, Sundays, holidays and days on which the "
    "service is closed do not count (CPA, article 87).",
)
ONE_MONTH: Final = Words(
    "O prazo é de um mês, até ao mesmo dia do mês seguinte. Se esse dia não for útil, acaba no dia útil seguinte (CPA, "
    "artigo 87.º).",
    "The term is one month, up to the same day of the next month. If that is no working day, it ends on the next working "
    "day (CPA, article 87).",
)
MONTHS: Final = Words(
    "O prazo é de {length} meses, até ao mesmo dia do último mês. Se esse dia não for útil, acaba no dia útil seguinte (CPA, "
    "artigo 87.º).",
    "The term is {length} months, up to the same day of the last month. If that is no working day, it ends on the next "
    "working day (CPA, article 87).",
)
BEGAN_ANEW: Final = Words(
    "O prazo começou de novo a {day}, quando voltou ao pedido depois da resposta.",
    "The term began anew on {day}, when you came back on the answer.",
)
DILATION: Final = Words(
    "Antes de o prazo começar contam-se {dilation} dias úteis, porque a sua morada fica fora do continente (CPA, artigo 88.º).",
    "Before the term starts, {dilation} working days are counted, because your address is outside the mainland (CPA, "
    "article 88).",
)
EXTENSION: Final = Words(
    "O departamento prorrogou o prazo por {days} (CPA, artigo 128.º).",
    "The department extended the term by {days} (CPA, article 128).",
)
ONE_WORKING_DAY: Final = Words("um dia útil", "one working day")
WORKING_DAYS_MORE: Final = Words("{days} dias úteis", "{days} working days")
SUSPENDED: Final = {
    "documents": Words(
        "O prazo esteve suspenso de {first} a {until}, à espera de documentos (CPA, artigos 117.º e 119.º).",
        "The term was suspended from {first} to {until}, waiting for documents from you (CPA, articles 117 and 119).",
    ),
    "hearing": Words(
        "O prazo esteve suspenso de {first} a {until}, para se pronunciar (CPA, artigo 121.º).",
        "The term was suspended from {first} to {until}, for your hearing (CPA, article 121).",
    ),
}
SUSPENDED_NOW: Final = {
    "documents": Words(
        "O prazo está suspenso desde {first}, à espera de documentos (CPA, artigos 117.º e 119.º). A data fica mais tarde "
        "quando o prazo voltar a correr.",
        "The term has been suspended since {first}, waiting for documents from you (CPA, articles 117 and 119). The date "
        "moves later when the term runs again.",
    ),
    "hearing": Words(
        "O prazo está suspenso desde {first}, para se pronunciar (CPA, artigo 121.º). A data fica mais tarde quando o prazo "
        "voltar a correr.",
        "The term has been suspended since {first}, for your hearing (CPA, article 121). The date moves later when the "
        "term runs again.",
    ),
}


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
        rule = list(self._rule(deadline))
        if first_day is not None and deadline.entered_on > date.fromisoformat(first_day):
            rule.insert(0, self._say(BEGAN_ANEW, day=self._date(deadline.entered_on)))
        return ExplainedDate(
            due_on=deadline.due_on,
            entered_on=deadline.entered_on,
            rule=rule,
            length=deadline.length,
            unit=deadline.unit,
            dilation=deadline.dilation,
            extension=deadline.extension,
            suspensions=[SuspendedTime(**dict(each)) for each in deadline.suspensions],
            calendar=deadline.calendar,
            days=[self._day(each) for each in explain(deadline)],
        )

    def _rule(self, deadline: Deadline) -> Iterator[str]:
        months = ONE_MONTH if deadline.length == 1 else MONTHS
        yield self._say(WORKING_DAYS if deadline.unit == "working_days" else months, length=deadline.length)
        if deadline.dilation:
            yield self._say(DILATION, dilation=deadline.dilation)
        if deadline.extension:
            words = ONE_WORKING_DAY if deadline.extension == 1 else WORKING_DAYS_MORE
            yield self._say(EXTENSION, days=self._say(words, days=deadline.extension))
        # One that was asked for and ended on the same day suspended nothing.
        yield from (self._suspension(each) for each in deadline.suspensions if each.until != each.since)

    def _suspension(self, suspension: Suspension) -> str:
        """The day `since` itself still counts."""
        first = self._date(suspension.since + timedelta(days=1))
        if suspension.until is None:
            return self._say(SUSPENDED_NOW[suspension.because], first=first)
        return self._say(SUSPENDED[suspension.because], first=first, until=self._date(suspension.until))

    def _day(self, counted: CountedDay) -> ExplainedDay:
        name = Words(counted.pt, counted.en).in_(self._language)
        return ExplainedDay(
            day=counted.day,
            counts=counted.because is None,
            number=counted.number,
            because=counted.because,
            name=name or None,
        )

    def _date(self, day: date) -> str:
        return IN_WORDS[self._language](day)

    def _say(self, words: Words, **values: object) -> str:
        return words.in_(self._language).format(**values)
