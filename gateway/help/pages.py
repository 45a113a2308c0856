"""`/ajuda`: help before asking, by subject, with a search. Everybody may read it."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from gateway.help.search import search
from gateway.help.subjects import help_of
from gateway.portal.page import Page, PageDep, PageRoute
from services.common.catalogue import catalogue
from services.common.contracts.intake import Who
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.text import code as cleaned_code
from services.common.text.folding import LONGEST_QUERY

router = APIRouter(route_class=PageRoute)

SHOWN: Final = 20
"""Results of a search on the page."""


@router.get("/ajuda")
async def get_help_page(page: PageDep) -> Response:
    """A search, its results, and all subjects by life event. The address is the view."""
    typed, language = page.request.query_params.get("q", "")[:LONGEST_QUERY], page.language
    found = search(catalogue(), language, typed)
    return page.render(
        "help/index.html",
        typed=typed,
        found=found,
        results=[help_of(code, language) for code in found.codes[:SHOWN]] if found else [],
        events=[
            (event, [(each.code, each.name(language)) for each in event.subjects]) for event in catalogue().life_events
        ],
    )


@router.get("/ajuda/{code}")
async def get_subject_page(page: PageDep, code: str) -> Response:
    wanted = cleaned_code(code).upper()
    subject = catalogue().subject(wanted)
    if subject is None:
        raise Problem(problem_types.NOT_FOUND, FieldError("unknown_subject", parameter="code"))
    if wanted != code:
        return page.go_to(f"/ajuda/{wanted}")
    page.subject = wanted
    who = _who(page)
    return page.render(
        "help/subject.html", help=help_of(wanted, page.language), may_file=who is None or subject.open_to(who)
    )


def _who(page: Page) -> Who | None:
    """The kind of account that reads the page; None if nobody is signed in."""
    return page.reader.session.who if page.reader else None
