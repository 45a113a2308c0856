"""The pages that belong to no capability: the entrance, the language, accessibility, and the static files."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from gateway.portal.addresses import own_path
from gateway.portal.languages import CHOICE
from gateway.portal.page import NEXT, PageDep, PageRoute
from gateway.portal.static_files import files_by_path
from services.common.http import problem_types
from services.common.http.problems import Problem

router = APIRouter(route_class=PageRoute)

_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/")
async def get_entrance(page: PageDep) -> Response:
    return page.go_to("/inicio") if page.reader else page.render("portal/entrance.html")


@router.get("/acessibilidade")
async def get_accessibility(page: PageDep) -> Response:
    return page.render("portal/accessibility.html")


@router.post("/idioma")
async def switch_language(page: PageDep) -> Response:
    """Return to the page in the other language."""
    path = own_path(page.form.value(NEXT))
    chosen_by_link = parse_qs(urlsplit(path).query).get(CHOICE)
    return page.go_to(path.partition("?")[0] if chosen_by_link else path)


@router.get("/static/{name}")
async def get_static_file(name: str) -> Response:
    file = files_by_path().get(f"/static/{name}")
    if file is None:
        raise Problem(problem_types.NO_ADDRESS)
    return Response(file.content, headers=_FOREVER, media_type=file.media_type)


@router.get("/requests/{reference}")
async def get_english_link(reference: str) -> Response:
    """Where the links of English mails lead."""
    return RedirectResponse(f"/pedidos/{reference}?{CHOICE}=en", 307)
