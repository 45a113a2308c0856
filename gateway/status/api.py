"""`/v1/status`: what works now, in the language of the request."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from gateway.dependencies import AcceptedLanguage, ServicesDep
from gateway.status.domain import Part, PartName, State
from gateway.status.measuring import Report
from gateway.status.texts import OVERALL, PART_NAMES, SENTENCES
from services.common.catalogue import Language
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.problems import problem_responses
from services.common.http.query_parameters import StrictQueryRoute

router = APIRouter(prefix="/v1/status", tags=["service"], route_class=StrictQueryRoute)

_PUBLIC: Final = {"Cache-Control": "public, max-age=2", "Vary": "Accept-Language"}
_PROBLEMS: Final[Any] = problem_responses(problem_types.INVALID)


class PartResponse(BaseModel):
    """A part of the service, as people see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    part: PartName
    name: str
    state: State
    """`unknown`: it could not be measured."""
    text: str
    """What the state means, as a sentence for people."""
    since: datetime
    """From when on it is in this state, as far as the answering server knows: not from before it started."""
    checked_at: datetime | None
    """When it was measured last; absent if it never was."""
    delay_seconds: int | None
    """How far it is behind; absent where nothing is behind anything, and if it is not known."""


class RegistrationResponse(BaseModel):
    """How long requests of the last hour took from filing to registration."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    p50_seconds: float
    """Half of them took no longer."""
    p99_seconds: float | None
    """99 of 100 took no longer; absent with fewer than 100 samples."""
    samples: int
    """The number of requests that were measured: not all of them when there are many."""


class StatusResponse(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    state: State
    """The worst state of all parts."""
    text: str
    parts: list[PartResponse]
    registration: RegistrationResponse | None
    """Absent if no request was registered in the last hour."""
    received_24h: int | None
    """What people sent in the last 24 hours: requests, messages and other acts together. Something that was sent again without a
    confirmation may count twice. Absent if it is not known.
    """


@router.get(
    "",
    response_model=StatusResponse,
    responses=_PROBLEMS,
    summary="What works now",
    response_description="The state of each part of the service.",
)
async def get_status(request: Request, services: ServicesDep, language: AcceptedLanguage) -> Response:
    """What works, measured every few seconds. Needs no session."""
    return etag_response(request, _status(services.status.report(), language), language, _PUBLIC)


def _status(report: Report, language: Language) -> StatusResponse:
    times = report.registration
    registration = times and RegistrationResponse(
        p50_seconds=round(times.p50, 3),
        p99_seconds=None if times.p99 is None else round(times.p99, 3),
        samples=times.samples,
    )
    return StatusResponse(
        state=report.state,
        text=OVERALL[report.state].in_(language),
        parts=[_part(each, language) for each in report.parts.values()],
        registration=registration,
        received_24h=report.received,
    )


def _part(part: Part, language: Language) -> PartResponse:
    return PartResponse(
        part=part.name,
        name=PART_NAMES[part.name].in_(language),
        state=part.state,
        text=SENTENCES[part.name, part.state].in_(language),
        since=part.since.replace(microsecond=0),
        checked_at=part.checked_at and part.checked_at.replace(microsecond=0),
        delay_seconds=None if part.delay is None else round(part.delay.total_seconds()),
    )
