"""Why a legal date is what it is, in sentences. They are the same for the person and for anybody who verifies a receipt."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from services.common.catalogue import Language
from services.common.http.languages import Words
from services.common.legal_clock import CountedDay, Deadline, Suspension, explain
from services.common.legal_clock.explanation import Because
from services.common.text.dates import IN_WORDS

COUNTED_FROM: Final = Words(
    "Contou-se a partir de {day}, pelo calendário {calendar}.",
    "It was counted from {day}, by the calendar {calendar}.",
)
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
DILATION: Final = Words(
    "Antes de o prazo começar contam-se {dilation} dias úteis, porque a morada fica fora do continente (CPA, artigo 88.º).",
    "Before the term starts, {dilation} working days are counted, because the address is outside the mainland (CPA, "
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
        "The term was suspended from {first} to {until}, waiting for documents (CPA, articles 117 and 119).",
    ),
    "hearing": Words(
        "O prazo esteve suspenso de {first} a {until}, para a audiência prévia (CPA, artigo 121.º).",
        "The term was suspended from {first} to {until}, for the hearing (CPA, article 121).",
    ),
}
SUSPENDED_NOW: Final = {
    "documents": Words(
        "O prazo está suspenso desde {first}, à espera de documentos (CPA, artigos 117.º e 119.º). A data fica mais tarde "
        "quando o prazo voltar a correr.",
        "The term has been suspended since {first}, waiting for documents (CPA, articles 117 and 119). The date "
        "moves later when the term runs again.",
    ),
    "hearing": Words(
        "O prazo está suspenso desde {first}, para a audiência prévia (CPA, artigo 121.º). A data fica mais tarde quando o prazo "
        "voltar a correr.",
        "The term has been suspended since {first}, for the hearing (CPA, article 121). The date moves later when the "
        "term runs again.",
    ),
}
NOT_COUNTED: Final = Words("Não contaram: {days}.", "Not counted: {days}.")
DAYS_NOT_COUNTED: Final[Mapping[Because, tuple[Words, Words]]] = {
    "weekend": (
        Words("um dia de fim de semana", "one day of a weekend"),
        Words("{days} dias de fins de semana", "{days} days of weekends"),
    ),
    "suspended": (
        Words("um dia suspenso", "one suspended day"),
        Words("{days} dias suspensos", "{days} suspended days"),
    ),
}


def rule(deadline: Deadline, language: Language) -> Iterator[str]:
    """The rule by which it was counted, and what changed its end."""
    months = ONE_MONTH if deadline.length == 1 else MONTHS
    yield _say(language, WORKING_DAYS if deadline.unit == "working_days" else months, length=deadline.length)
    if deadline.dilation:
        yield _say(language, DILATION, dilation=deadline.dilation)
    if deadline.extension:
        words = ONE_WORKING_DAY if deadline.extension == 1 else WORKING_DAYS_MORE
        yield _say(language, EXTENSION, days=_say(language, words, days=deadline.extension))
    # One that was asked for and ended on the same day suspended nothing.
    yield from (_suspension(each, language) for each in deadline.suspensions if each.until != each.since)


def reason(deadline: Deadline, language: Language) -> Iterator[str]:
    """From when it was counted, the rule, and which days did not count: enough to count it again."""
    yield _say(language, COUNTED_FROM, day=IN_WORDS[language](deadline.entered_on), calendar=deadline.calendar)
    yield from rule(deadline, language)
    if days := list(_not_counted(deadline, language)):
        yield _say(language, NOT_COUNTED, days="; ".join(days))


def _suspension(suspension: Suspension, language: Language) -> str:
    """The day `since` itself still counts."""
    first = IN_WORDS[language](suspension.since + timedelta(days=1))
    if suspension.until is None:
        return _say(language, SUSPENDED_NOW[suspension.because], first=first)
    until = IN_WORDS[language](suspension.until)
    return _say(language, SUSPENDED[suspension.because], first=first, until=until)


def _not_counted(deadline: Deadline, language: Language) -> Iterator[str]:
    """Weekends and suspended days by their number, holidays and closed days by name."""
    skipped = [each for each in explain(deadline) if each.because is not None]
    numbers = Counter(each.because for each in skipped)
    for because, (one, many) in DAYS_NOT_COUNTED.items():
        if number := numbers[because]:
            yield _say(language, one if number == 1 else many, days=number)
    yield from (_named(each, language) for each in skipped if each.because in ("holiday", "closed"))


def _named(counted: CountedDay, language: Language) -> str:
    return f"{IN_WORDS[language](counted.day)} ({Words(counted.pt, counted.en).in_(language)})"


def _say(language: Language, words: Words, **values: object) -> str:
    return words.in_(language).format(**values)
