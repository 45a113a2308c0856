"""`/v1/catalogue`: life events, subjects, reasons and legal terms, in the language of the request."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from gateway.dependencies import AcceptedLanguage
from services.common.catalogue import Catalogue, Clock, Language, Subject, catalogue, catalogues
from services.common.catalogue.questions import questions
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, problem_responses
from services.common.http.query_parameters import QueryDay, StrictQueryRoute
from services.common.legal_clock.deadlines import Unit
from services.common.text import code as cleaned_code

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"], route_class=StrictQueryRoute)

On = Annotated[
    QueryDay | None,
    Query(
        description="A day (`2027-01-31`): the catalogue in force then. Default: today, in Lisbon.",
        examples=["2027-01-31"],
    ),
]

_PUBLIC: Final = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_PROBLEMS: Final[Any] = problem_responses(problem_types.INVALID)
_NOT_FOUND: Final[Any] = problem_responses(problem_types.NOT_FOUND, problem_types.INVALID)


class Term(BaseModel):
    """The legal term of the answer: `length` counts the `unit`."""

    length: int
    unit: Unit


class ReasonResponse(BaseModel):
    """Why somebody files a request about the subject."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    name: str
    usual_documents: str
    """The documents that are usually needed, in words for people; empty if there are none."""
    term: Term
    questions: dict[str, Any] | None = None
    """What the request must answer, as JSON Schema (2020-12) for its `answers`. `x-days` bounds a day by that of filing, in days."""


class SubjectResponse(BaseModel):
    """A subject that requests can be about."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    name: str
    life_event: str
    """The code of the group that it belongs to."""
    who: str
    """Who may file: `P` persons, `E` companies, `PE` both."""
    reasons: list[ReasonResponse]


class LifeEventResponse(BaseModel):
    code: str
    name: str
    subjects: list[SubjectResponse]


class CatalogueResponse(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    valid_from: date
    valid_until: date | None = None
    """The last day in force; absent until the next version is known."""
    life_events: list[LifeEventResponse]


@router.get(
    "",
    response_model=CatalogueResponse,
    responses=_PROBLEMS,
    summary="The whole catalogue",
    response_description="The catalogue that is in force on that day.",
)
async def get_catalogue(request: Request, language: AcceptedLanguage, on: On = None) -> Response:
    """All life events, subjects and reasons. Needs no session."""
    current = _on(on)
    events = [
        LifeEventResponse(
            code=event.code,
            name=event.name(language),
            subjects=[_subject(current, event.code, subject, language) for subject in event.subjects],
        )
        for event in current.life_events
    ]
    until = catalogues().last_day(current)
    content = CatalogueResponse(
        version=current.version, valid_from=current.valid_from, valid_until=until, life_events=events
    )
    return etag_response(request, content, language, _PUBLIC)


@router.get(
    "/subjects/{code}",
    response_model=SubjectResponse,
    responses=_NOT_FOUND,
    summary="One subject",
    response_description="The subject, its reasons and their terms.",
)
async def get_subject(request: Request, code: str, language: AcceptedLanguage, on: On = None) -> Response:
    """One subject with its reasons. Needs no session."""
    current, wanted = _on(on), cleaned_code(code).upper()
    for event in current.life_events:
        for subject in event.subjects:
            if subject.code == wanted:
                return etag_response(request, _subject(current, event.code, subject, language), language, _PUBLIC)
    raise Problem(problem_types.NOT_FOUND, FieldError("unknown_subject", parameter="code"))


def _on(day: date | None) -> Catalogue:
    return catalogue() if day is None else catalogues().on(day)


def _subject(current: Catalogue, life_event: str, subject: Subject, language: Language) -> SubjectResponse:
    reasons = [
        ReasonResponse(
            code=code,
            name=current.reasons[code].name(language),
            usual_documents=usual.name(language) if (usual := current.reasons[code].usual_documents) else "",
            term=_term(current.clock_of(code)),
            questions=asked.json_schema(language) if (asked := questions().get((subject.code, code))) else None,
        )
        for code in subject.reasons
    ]
    return SubjectResponse(
        code=subject.code, name=subject.name(language), life_event=life_event, who=subject.who, reasons=reasons
    )


def _term(clock: Clock) -> Term:
    return Term(length=clock.length, unit=clock.unit)
