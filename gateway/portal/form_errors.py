"""Errors of forms: a sentence for each field, by the name of the field on the page."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ValidationError

from gateway.portal.page import Page
from services.common.catalogue import Language
from services.common.http import problem_types
from services.common.http.field_errors import FieldError, errors_of
from services.common.http.languages import Words
from services.common.http.problems import Problem

_SENT_BEFORE: Final = Words(
    "Já tinha enviado este formulário com outro conteúdo, que está guardado. Se também quer enviar este, envie outra vez.",
    "You had sent this form with other content already, which is stored. If you want to send this too, send it again.",
)
"""For a form that was changed after the browser's Back button: it is shown again as a new one."""

_RAISED: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)


def sentences(
    error: ValidationError, model: type[BaseModel], names: Mapping[str, str], language: Language
) -> dict[str, str]:
    """The first error of each field. `names` maps the model's fields to those of the form."""
    return by_field(errors_of(error, model), names, language)


def problem_errors(page: Page, problem: Problem, names: Mapping[str, str]) -> dict[str, str]:
    """The errors to show beside what was typed, for a problem that can be solved there or passes. Raises any other problem."""
    if problem.kind is problem_types.INVALID:
        return by_field(problem.errors, names, page.language)
    if problem.kind is problem_types.KEY_REUSED:
        page.forget_key()
        return {"": _SENT_BEFORE.in_(page.language)}
    if problem.status_code in _RAISED:
        raise problem
    page.refusal = problem
    return {"": problem.kind.detail_in(page.language, problem.retry_after, is_submission=False)}


def by_field(errors: Iterable[FieldError], names: Mapping[str, str], language: Language) -> dict[str, str]:
    """As `sentences`. An error about no field of the form stands under the empty name."""
    found: dict[str, str] = {}
    for each in errors:
        field = (each.pointer or "").split("/")[1:2]
        found.setdefault(names.get(field[0], "") if field else "", each.text(language))
    return found
