"""Answers to the questions that the catalogue asks for a reason of a subject. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from gateway.portal.formats import day
from services.common.catalogue import Language
from services.common.catalogue.questions import AnswerValue, Question, Questions, questions
from services.common.contracts.intake import Answer
from services.common.http.field_errors import FieldError
from services.common.http.languages import Words

YES: Final = Words("Sim", "Yes")
NO: Final = Words("Não", "No")

_CODES: Final = {
    "missing": "required",
    "wrong": "wrong_answer",
    "day": "day_not_accepted",
    "unknown": "unknown_question",
}


def questions_of(subject: str | None, reason: str | None) -> Questions | None:
    """What is asked for this reason of the subject; None if nothing is."""
    return questions().get((subject or "", reason or ""))


def answer_errors(subject: str, reason: str, answers: Mapping[str, AnswerValue], today: date) -> list[FieldError]:
    """The errors of answers that are missing, wrong, or to questions that are not asked."""
    asked = questions_of(subject, reason)
    if asked is None:
        return [FieldError("unknown_question", f"/answers/{name}") for name in answers]
    return [
        FieldError(
            _CODES[wrong.because],
            f"/answers/{wrong.name}",
            names=tuple(each.isoformat() for each in (wrong.first, wrong.last) if each),
        )
        for wrong in asked.wrong(answers, today)
    ]


def answers_in_words(
    subject: str, reason: str, answers: Mapping[str, AnswerValue], language: Language
) -> tuple[Answer, ...]:
    """The answers with their words, in the order of the questions. Answers to other questions are left out."""
    asked = questions_of(subject, reason)
    found = asked.properties if asked else {}
    return tuple(
        Answer(
            name=name,
            question=question.words.in_(language).title,
            value=answers[name],
            text=in_words(question, answers[name], language),
        )
        for name, question in found.items()
        if name in answers
    )


def in_words(question: Question, value: AnswerValue, language: Language) -> str:
    """An answer that the schema accepts, for people."""
    match question.kind:
        case "choice":
            return question.words.in_(language).options[str(value)]
        case "day":
            return day(language, date.fromisoformat(str(value)))
        case "yes-no":
            return (YES if value else NO).in_(language)
        case _:
            return str(value)
