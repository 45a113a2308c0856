"""`/v1/help`: the help of subjects, found by what people type. Needs no session."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from gateway.dependencies import AcceptedLanguage
from gateway.help.search import search
from gateway.help.subjects import SubjectHelp, help_of, subjects_in_order
from services.common.catalogue import catalogue
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, problem_responses
from services.common.http.query_parameters import StrictQueryRoute
from services.common.text import code as cleaned_code
from services.common.text.folding import LONGEST_QUERY

router = APIRouter(prefix="/v1/help", tags=["catalogue"], route_class=StrictQueryRoute)

_PUBLIC: Final = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_PROBLEMS: Final[Any] = problem_responses(problem_types.INVALID)
_NOT_FOUND: Final[Any] = problem_responses(problem_types.NOT_FOUND, problem_types.INVALID)


class HelpSummary(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    """The code of the subject."""
    name: str
    life_event: str
    summary: str
    """One or two sentences."""


class HelpResponse(HelpSummary):
    markdown: str
    """The whole text, in Markdown without HTML: four sections with `##` headings."""


class HelpResults(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    all_words: bool
    """Whether every result has all words of the query that mean something. Otherwise each has some of them."""
    results: list[HelpSummary]


@router.get(
    "",
    response_model=HelpResults,
    responses=_PROBLEMS,
    summary="Find help",
    response_description="The help that fits, the best first.",
)
async def find_help(
    request: Request,
    language: AcceptedLanguage,
    q: Annotated[
        str,
        Query(max_length=LONGEST_QUERY, description="Words, or their beginnings.", examples=["baixa"]),
    ] = "",
) -> Response:
    """The help of the subjects that fit, the best first; of all subjects without words of at least two letters. Accents and case
    do not count.
    """
    found = search(catalogue(), language, q)
    codes = subjects_in_order() if found is None else found.codes
    results = [HelpSummary(**_summary(help_of(code, language))) for code in codes]
    return etag_response(
        request, HelpResults(all_words=found is None or found.all_words, results=results), language, _PUBLIC
    )


@router.get(
    "/{code}",
    response_model=HelpResponse,
    responses=_NOT_FOUND,
    summary="The help of one subject",
    response_description="Its text in Markdown.",
)
async def get_help(request: Request, code: str, language: AcceptedLanguage) -> Response:
    """Who it is for, what is needed, what happens next, and where else to go."""
    wanted = cleaned_code(code).upper()
    if catalogue().subject(wanted) is None:
        raise Problem(problem_types.NOT_FOUND, FieldError("unknown_subject", parameter="code"))
    found = help_of(wanted, language)
    return etag_response(request, HelpResponse(**_summary(found), markdown=found.page.markdown), language, _PUBLIC)


def _summary(found: SubjectHelp) -> dict[str, str]:
    return {
        "code": found.subject.code,
        "name": found.name,
        "life_event": found.event.code,
        "summary": found.page.summary,
    }
