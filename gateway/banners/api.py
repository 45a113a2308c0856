"""`/v1/banners`: what operators tell people now, in the language of the request."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from gateway.banners.domain import text_in
from gateway.dependencies import AcceptedLanguage, ServicesDep
from services.common.catalogue import catalogue
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, problem_responses
from services.common.http.query_parameters import StrictQueryRoute
from services.common.text import code as cleaned_code

router = APIRouter(prefix="/v1/banners", tags=["service"], route_class=StrictQueryRoute)

_PUBLIC: Final = {"Cache-Control": "public, max-age=3", "Vary": "Accept-Language"}
_PROBLEMS: Final[Any] = problem_responses(problem_types.INVALID)

SubjectQuery = Annotated[str | None, Query(description="Also the banner about this subject.", max_length=64)]


class BannerResponse(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str
    """Plain text, at most 500 characters."""
    subject: str | None
    """The code of the subject that it is about; absent if it is for everybody."""
    until: datetime | None
    """When it ends by itself; absent if that is not known."""


class BannersResponse(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    banners: list[BannerResponse]
    """At most one for everybody, which comes first, and one about the subject."""


@router.get(
    "",
    response_model=BannersResponse,
    responses=_PROBLEMS,
    summary="What people are told now",
    response_description="The banners in force. Usually there are none.",
)
async def get_banners(
    request: Request, services: ServicesDep, language: AcceptedLanguage, subject: SubjectQuery = None
) -> Response:
    """Announcements of those who run the service, for example about an interruption. Needs no session."""
    found = services.banners.current(_subject(subject), datetime.now(UTC))
    banners = [BannerResponse(text=text_in(each, language), subject=each.subject, until=each.until) for each in found]
    return etag_response(request, BannersResponse(banners=banners), language, _PUBLIC)


def _subject(typed: str | None) -> str | None:
    """The code of the subject that was typed. Raises a `Problem` for an unknown one."""
    if typed is None:
        return None
    code = cleaned_code(typed).upper()
    if catalogue().subject(code) is None:
        raise Problem(problem_types.INVALID, FieldError("unknown_subject", parameter="subject"))
    return code
