"""`/pedidos/{reference}` and `/requests/{reference}`: where the links in mails lead until the counter has its own pages.

The page reads nothing: it is the same for every valid reference, so it never tells whether a request exists.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, Response

from services.common.catalogue import Language
from services.common.domain.identifiers import parse_reference
from services.common.http.languages import LANGUAGES, named

router = APIRouter(include_in_schema=False)

STYLESHEET: Final = "/pages/style.css"
PATHS: Final[Mapping[Language, str]] = {"pt": "/pedidos", "en": "/requests"}

_TEMPLATES: Final = Environment(
    loader=PackageLoader("gateway.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
    "X-Robots-Tag": "noindex",
}

Chosen = Annotated[str | None, Query(alias="lang")]


# With a slash at the end, too: many programs take the character after a link as a part of it.
@router.get("/pedidos/{reference}")
@router.get("/pedidos/{reference}/")
async def get_portuguese_page(reference: str, request: Request, chosen: Chosen = None) -> Response:
    return _page(reference, _language(request, chosen, "pt"))


@router.get("/requests/{reference}")
@router.get("/requests/{reference}/")
async def get_english_page(reference: str, request: Request, chosen: Chosen = None) -> Response:
    return _page(reference, _language(request, chosen, "en"))


@router.get(STYLESHEET)
async def get_stylesheet() -> Response:
    headers = {"Cache-Control": "public, max-age=300"}
    return FileResponse(Path(__file__).parent / "static" / "style.css", headers=headers, media_type="text/css")


def _language(request: Request, chosen: str | None, of_path: Language) -> Language:
    """The language chosen on the page, else the browser's, else the one of the link."""
    by_choice = next((each for each in LANGUAGES if each == chosen), None)
    return by_choice or named(request.headers.get("accept-language")) or of_path


def _page(typed: str, language: Language) -> Response:
    reference = parse_reference(typed)
    other: Language = "en" if language == "pt" else "pt"
    content = _TEMPLATES.get_template(f"{language}/request.html").render(
        reference=reference,
        stylesheet=STYLESHEET,
        language=language,
        other_link=f"{PATHS[other]}/{reference}?lang={other}" if reference else None,
    )
    headers = {**_HEADERS, "Content-Language": language}
    return HTMLResponse(content, 200 if reference else 404, headers)
