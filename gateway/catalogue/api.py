"""`/v1/catalogue`: life events, subjects, reasons and terms, in the language asked for."""

from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from gateway.wired import AskedLanguage
from services.common.catalogue import Catalogue, Clock, Language, Subject, catalogue
from services.common.web import kinds
from services.common.web.answers import readable
from services.common.web.field_errors import FieldError
from services.common.web.problems import Problem, responses

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])

_PUBLIC: Final = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_NOT_FOUND: Final[Any] = responses(kinds.NOT_FOUND)


class Term(BaseModel):
    """A legal term: `length` `working_days` or `calendar_months`."""

    length: int
    unit: str


class ReasonShown(BaseModel):
    code: str
    name: str
    usual_documents: str
    term: Term


class SubjectShown(BaseModel):
    """`who`: P persons, E companies, PE both."""

    code: str
    name: str
    life_event: str
    who: str
    reasons: list[ReasonShown]


class LifeEventShown(BaseModel):
    code: str
    name: str
    subjects: list[SubjectShown]


class CatalogueShown(BaseModel):
    version: int
    valid_from: date
    life_events: list[LifeEventShown]


@router.get("", response_model=CatalogueShown, summary="The whole catalogue")
async def whole(request: Request, language: AskedLanguage) -> Response:
    """Everything that can be asked. Needs no session."""
    current = catalogue()
    events = [
        LifeEventShown(
            code=event.code,
            name=event.name(language),
            subjects=[_shown(current, event.code, subject, language) for subject in event.subjects],
        )
        for event in current.life_events
    ]
    shown = CatalogueShown(version=current.version, valid_from=current.valid_from, life_events=events)
    return readable(request, shown, language, _PUBLIC)


@router.get("/subjects/{code}", response_model=SubjectShown, responses=_NOT_FOUND, summary="One subject")
async def one(request: Request, code: str, language: AskedLanguage) -> Response:
    """One subject with its reasons. Needs no session."""
    current = catalogue()
    for event in current.life_events:
        for subject in event.subjects:
            if subject.code == code.upper():
                return readable(request, _shown(current, event.code, subject, language), language, _PUBLIC)
    raise Problem(kinds.NOT_FOUND, FieldError("unknown_subject", parameter="code"))


def _shown(current: Catalogue, life_event: str, subject: Subject, language: Language) -> SubjectShown:
    reasons = [
        ReasonShown(
            code=code,
            name=current.reasons[code].name(language),
            usual_documents=usual.name(language) if (usual := current.reasons[code].usual_documents) else "",
            term=_term(current.clock_of(code)),
        )
        for code in subject.reasons
    ]
    return SubjectShown(
        code=subject.code, name=subject.name(language), life_event=life_event, who=subject.who, reasons=reasons
    )


def _term(clock: Clock) -> Term:
    return Term(length=clock.length, unit=clock.unit)
