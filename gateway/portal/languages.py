"""The language of a page: the one that the person chose, else that of the browser, else that of the account."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.common.catalogue import Language
from services.common.http.languages import LANGUAGES
from services.common.http.reader_language import language_of

LANGUAGE_COOKIE: Final = "__Host-postigo-language"
CHOICE: Final = "idioma"
"""The name of the buttons that switch the language, and of the query parameter that chooses it."""

_YEAR: Final = 365 * 24 * 3600


def chosen(text: str | None) -> Language | None:
    """The language of this code; None for any other text."""
    return next((each for each in LANGUAGES if each == text), None)


def page_language(request: Request) -> Language:
    by_link, kept = chosen(request.query_params.get(CHOICE)), chosen(request.cookies.get(LANGUAGE_COOKIE))
    return by_link or kept or language_of(request.scope)


def keep_language(response: Response, language: Language) -> None:
    """Keep the choice for a year."""
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, secure=True, httponly=True, samesite="lax")
