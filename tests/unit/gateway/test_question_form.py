"""Questions as a form: what is typed becomes an answer, and what does not fit gets a sentence beside its field."""

from datetime import date
from typing import Final

import pytest

from gateway.drafts import question_form
from gateway.drafts.content import DraftContent, fitting
from gateway.drafts.steps import Step, first_missing, step_after, step_before, steps_of
from gateway.portal.sent_form import SentForm
from services.common.catalogue import catalogue
from services.common.catalogue.questions import AnswerValue, Questions, questions

TODAY: Final = date(2026, 12, 1)
PLAN: Final = questions()["TRA-06", "PLN"]
RETURN: Final = questions()["DOE-02", "CES"]
STATEMENT: Final = questions()["TRA-04", "CER"]
FILED: Final = DraftContent(description="Quero voltar.", life_event="DOE", subject="DOE-02", reason="CES")


def answers(asked: Questions, **typed: str) -> dict[str, AnswerValue]:
    form = SentForm({f"r-{name}": [value] for name, value in typed.items()})
    return question_form.answers_of(asked, question_form.typed_values(asked, form))


@pytest.mark.parametrize(
    "typed", ["2026-12-05", "05/12/2026", "5/12/2026", "05-12-2026", "05.12.2026", " 05/12/2026 ", "05/12/2026\u200b"]
)
def test_a_day_is_understood_as_browsers_send_it_and_as_people_write_it(typed: str) -> None:
    assert answers(RETURN, return_on=typed) == {"return_on": "2026-12-05"}


def test_numbers_and_yes_or_no_become_what_the_schema_wants_and_blanks_are_left_out() -> None:
    assert answers(PLAN, instalments="12", enforcement="sim") == {"instalments": 12, "enforcement": True}
    assert answers(PLAN, instalments="12", enforcement="nao") == {"instalments": 12, "enforcement": False}
    assert answers(STATEMENT, purpose="bank", recipient="  ") == {"purpose": "bank"}


def test_the_number_of_a_sick_leave_may_be_left_blank() -> None:
    day = {"return_on": "2026-12-05"}
    assert RETURN.wrong(answers(RETURN, **day, certificate=" "), TODAY) == []
    assert answers(RETURN, **day, certificate="CIT-1") == day | {"certificate": "CIT-1"}
    wrong = RETURN.wrong(answers(RETURN, **day, certificate="x" * 41), TODAY)
    assert question_form.sentences_of(RETURN, wrong, "en") == {"r-certificate": "Write at most 40 characters."}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Falta a resposta a «Em quantas prestações mensais quer pagar?»"),
        ({"instalments": "doze"}, "Escreva um número inteiro de 2 a 150."),
        ({"instalments": "1"}, "Escreva um número inteiro de 2 a 150."),
        ({"instalments": "9" * 40}, "Escreva um número inteiro de 2 a 150."),
        ({"instalments": "²"}, "Escreva um número inteiro de 2 a 150."),
    ],
)
def test_a_number_that_does_not_fit_is_explained(typed: dict[str, str], sentence: str) -> None:
    wrong = PLAN.wrong(answers(PLAN, enforcement="sim", **typed), TODAY)
    assert question_form.sentences_of(PLAN, wrong, "pt") == {"r-instalments": sentence}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("31/02/2027", "Write a day that exists, for example 31/01/2027."),
        ("tomorrow", "Write a day that exists, for example 31/01/2027."),
        ("2027-03-01", "Choose a day from 1 November 2026 to 31 December 2026."),
    ],
)
def test_a_day_that_does_not_fit_is_explained(typed: str, sentence: str) -> None:
    wrong = RETURN.wrong(answers(RETURN, return_on=typed), TODAY)
    assert question_form.sentences_of(RETURN, wrong, "en") == {"r-return_on": sentence}


def test_what_was_not_offered_and_a_text_that_is_too_long_are_explained() -> None:
    wrong = STATEMENT.wrong(answers(STATEMENT, purpose="mine", recipient="x" * 201), TODAY)
    assert question_form.sentences_of(STATEMENT, wrong, "pt") == {
        "r-purpose": "Escolha uma das opções.",
        "r-recipient": "Escreva no máximo 200 caracteres.",
    }


def test_the_form_shows_what_is_stored_and_the_days_that_are_accepted() -> None:
    stored = question_form.stored_values(PLAN, {"instalments": 12, "enforcement": False})
    shown = {each.name: each.value for each in question_form.fields(PLAN, stored, "pt", TODAY)}
    assert shown == {"r-instalments": "12", "r-enforcement": "nao"}
    day, _ = question_form.fields(RETURN, {}, "pt", TODAY)
    assert (day.kind, day.first, day.last) == ("day", "2026-11-01", "2026-12-31")


def test_the_questions_are_a_step_only_where_something_is_asked() -> None:
    plain = FILED.model_copy(update={"reason": "INF"})
    assert Step.QUESTIONS in steps_of(FILED)
    assert Step.QUESTIONS not in steps_of(plain)
    assert (step_after(FILED, Step.REASON), step_after(plain, Step.REASON)) == (Step.QUESTIONS, Step.FILES)
    assert (step_before(FILED, Step.FILES), step_before(plain, Step.FILES)) == (Step.QUESTIONS, Step.REASON)
    assert first_missing(FILED, TODAY) is Step.QUESTIONS
    assert first_missing(FILED.model_copy(update={"answers": {"return_on": "2026-12-05"}}), TODAY) is None
    assert first_missing(plain, TODAY) is None


def test_a_day_that_has_passed_meanwhile_is_asked_again() -> None:
    answered = FILED.model_copy(update={"answers": {"return_on": "2026-12-05"}})
    assert first_missing(answered, date(2027, 2, 1)) is Step.QUESTIONS


def test_answers_belong_to_the_questions_of_one_reason() -> None:
    before = DraftContent(
        description="Mudou.", life_event="DES", subject="DES-01", reason="ALT", answers={"change": "other"}
    )
    moved = before.model_copy(update={"life_event": "FAM", "subject": "FAM-05"})
    assert fitting(catalogue(), before, moved).answers == {}
    answered = moved.model_copy(update={"answers": {"change": "joined"}})
    assert fitting(catalogue(), before, answered).answers == {"change": "joined"}
    assert (
        fitting(catalogue(), before, before.model_copy(update={"description": "Mudou já."})).answers == before.answers
    )
