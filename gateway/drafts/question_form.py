"""The questions of a reason as a form: what each field shows, what it sends, and the sentence for an answer that does not fit."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from gateway.portal.formats import day
from gateway.portal.sent_form import SentForm
from gateway.requests.answers import NO, YES
from services.common.catalogue import Language
from services.common.catalogue.questions import AnswerValue, Question, Questions, WrongAnswer
from services.common.http.languages import Words
from services.common.text import one_line
from services.common.text.dates import typed_day

PREFIX: Final = "r-"
"""Before the name of a question, in the name of its field."""

YES_NO: Final[Mapping[str, bool]] = {"sim": True, "nao": False}

UNANSWERED: Final = Words("Falta a resposta a «{question}»", "Answer “{question}”")
NOT_CHOSEN: Final = Words("Escolha uma das opções.", "Choose one of the options.")
NO_DAY: Final = Words(
    "Escreva um dia que exista, por exemplo 31/01/2027.", "Write a day that exists, for example 31/01/2027."
)
NO_NUMBER: Final = Words(
    "Escreva um número inteiro de {least} a {most}.", "Write a whole number from {least} to {most}."
)
TOO_LONG: Final = Words("Escreva no máximo {most} caracteres.", "Write at most {most} characters.")
BETWEEN: Final = Words("Escolha um dia de {first} a {last}.", "Choose a day from {first} to {last}.")
NOT_BEFORE: Final = Words("Escolha um dia a partir de {first}.", "Choose a day from {first} on.")
NOT_AFTER: Final = Words("Escolha um dia até {last}.", "Choose a day until {last}.")


class QuestionField(NamedTuple):
    """`value` is what the person typed or chose. `first` and `last` bound a day, in the form of a date input."""

    name: str
    kind: str
    title: str
    hint: str
    options: list[tuple[str, str, str]]
    value: str
    is_required: bool
    first: str
    last: str


def fields(asked: Questions, values: Mapping[str, str], language: Language, today: date) -> list[QuestionField]:
    """The fields of the form, in the order of the questions. `values` are by question."""
    return [
        _field(name, each, name in asked.required, values, language, today) for name, each in asked.properties.items()
    ]


def typed_values(asked: Questions, form: SentForm) -> dict[str, str]:
    """What was typed or chosen, by question."""
    return {name: one_line(form.value(PREFIX + name)) for name in asked.properties}


def stored_values(asked: Questions, answers: Mapping[str, AnswerValue]) -> dict[str, str]:
    """The stored answers as the form shows them, by question."""
    return {name: _shown(answers[name]) for name in asked.properties if name in answers}


def answers_of(asked: Questions, values: Mapping[str, str]) -> dict[str, AnswerValue]:
    """The answers to save. Fields that were left empty have none; what fits no answer stays a text, which the schema refuses."""
    return {name: _answer(asked.properties[name], typed) for name, typed in values.items() if typed}


def sentences_of(asked: Questions, wrong: list[WrongAnswer], language: Language) -> dict[str, str]:
    """What to say beside each field whose answer does not fit."""
    return {PREFIX + each.name: _sentence(asked.properties[each.name], each, language) for each in wrong}


def _field(
    name: str, question: Question, is_required: bool, values: Mapping[str, str], language: Language, today: date
) -> QuestionField:
    words = question.words.in_(language)
    options = [(each, words.options[each], "") for each in question.enum]
    if question.kind == "yes-no":
        options = [("sim", YES.in_(language), ""), ("nao", NO.in_(language), "")]
    days = question.days
    first, last = (days.earliest, days.latest) if days else (None, None)
    return QuestionField(
        PREFIX + name,
        question.kind,
        words.title,
        words.hint,
        options,
        values.get(name, ""),
        is_required,
        "" if first is None else (today + timedelta(days=first)).isoformat(),
        "" if last is None else (today + timedelta(days=last)).isoformat(),
    )


def _shown(value: AnswerValue) -> str:
    if isinstance(value, bool):
        return next(typed for typed, meant in YES_NO.items() if meant is value)
    return str(value)


def _answer(question: Question, typed: str) -> AnswerValue:
    match question.kind:
        case "yes-no":
            return YES_NO.get(typed, typed)
        case "number":
            return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else typed
        case "day":
            found = typed_day(typed)
            return typed if found is None else found.isoformat()
        case _:
            return typed


def _sentence(question: Question, wrong: WrongAnswer, language: Language) -> str:
    if wrong.because == "missing":
        return UNANSWERED.in_(language).format(question=question.words.in_(language).title)
    if wrong.because == "day":
        return _out_of_range(wrong, language)
    match question.kind:
        case "choice" | "yes-no":
            return NOT_CHOSEN.in_(language)
        case "day":
            return NO_DAY.in_(language)
        case "number":
            return NO_NUMBER.in_(language).format(least=question.minimum, most=question.maximum)
        case _:
            return TOO_LONG.in_(language).format(most=question.max_length)


def _out_of_range(wrong: WrongAnswer, language: Language) -> str:
    first, last = (each and day(language, each) for each in (wrong.first, wrong.last))
    sentence = BETWEEN if first and last else NOT_BEFORE if first else NOT_AFTER
    return sentence.in_(language).format(first=first, last=last)
