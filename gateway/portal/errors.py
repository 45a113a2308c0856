"""Problems as people see them: a page for browsers, a problem document for programs."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from gateway.portal.languages import CHOICE, page_language
from gateway.portal.sent_form import SENT_FORM, SentForm
from gateway.portal.templates import render
from services.common.http.problems import Problem, problem_response, support_code_of

PORTAL_CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere."""

_PROGRAMS: Final = ("/v1/", "/docs")
"""The addresses of the API and its documentation."""


def respond(scope: Scope, problem: Problem) -> Response:
    """A page for a browser at an address of pages, which it says that it accepts; else a problem document."""
    is_page = not scope["path"].startswith(_PROGRAMS) and "text/html" in Headers(scope=scope).get("accept", "")
    return problem_page(scope, problem) if is_page else problem_response(scope, problem)


def problem_page(scope: Scope, problem: Problem) -> Response:
    """The page says what happened, what to do, and the code that support needs. It needs no store and no session.

    Where another try may help, it carries the form that was sent: a button sends it again, with the same idempotency key. A form with
    files is shown again instead, so that they can be chosen again.
    """
    language = page_language(Request(scope))
    passes = problem.status_code >= HTTPStatus.TOO_MANY_REQUESTS
    form: SentForm = scope.get(SENT_FORM, SentForm())
    content = render(
        language,
        "portal/problem.html",
        page=None,
        title=problem.kind.title.in_(language),
        detail=problem.kind.detail_in(language, problem.retry_after, is_submission=False),
        errors=[each.text(language) for each in problem.errors],
        support_code=support_code_of(scope),
        again=scope["method"] in ("GET", "HEAD") and passes,
        form={name: values for name, values in form.fields.items() if name != CHOICE} if passes else {},
        shows_form=form.may_have_files,
        address=_address(scope),
    )
    headers = {"Cache-Control": "no-store", "Content-Language": language, **(problem.headers or {})}
    return HTMLResponse(content, problem.status_code, headers)


def _address(scope: Scope) -> str:
    """Where another try goes: a page with its query, which may be a view; a form without."""
    query = scope["query_string"].decode("latin-1") if scope["method"] in ("GET", "HEAD") else ""
    return f"{scope['path']}?{query}" if query else str(scope["path"])
