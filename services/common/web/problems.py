"""Problem documents (RFC 9457): the one form in which an HTTP edge says no.

They never hold what was sent, nor the text of an exception; the support code finds the trace.
"""

from collections.abc import Callable, Mapping
from secrets import randbits
from typing import Annotated, Final, cast

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from opentelemetry.trace import Span
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from services.common.catalogue import Language
from services.common.errors import Away
from services.common.identifiers import support_code
from services.common.web import kinds
from services.common.web.field_errors import FieldError, parameter_errors_of
from services.common.web.heads import header_of, headers_of
from services.common.web.kinds import Kind
from services.common.web.languages import negotiate

_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

SPAN: Final = "postigo.span"
"""Where the request's span lies in the ASGI scope."""

MEDIA_TYPE: Final = "application/problem+json"

_BY_STATUS: Final = {
    401: kinds.NO_SESSION,
    404: kinds.NO_ADDRESS,
    405: kinds.METHOD,
    413: kinds.TOO_LARGE,
    415: kinds.MEDIA_TYPE,
    503: kinds.UNAVAILABLE,
}


class Problem(Exception):
    """Raised anywhere in an edge; answered as a problem document. `retry_after` in whole seconds."""

    def __init__(
        self,
        kind: Kind,
        *errors: FieldError,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.errors = errors
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, retry_after))


class FieldProblem(BaseModel):
    """One field that is wrong: `pointer` into the body (RFC 6901), or `parameter` of the path, query or headers."""

    pointer: str | None = None
    parameter: str | None = None
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457, as every refusal and failure is answered."""

    type: Annotated[str, Field(pattern="^urn:postigo:problem:[a-z-]+$")]
    title: str
    status: int
    detail: str
    support_code: Annotated[str, Field(pattern="^[0-9A-HJKMNP-TV-Z]{10}$")]
    errors: list[FieldProblem] = []


def answer(scope: Scope, problem: Problem) -> Response:
    """The problem document, in the language the request asks for."""
    language = negotiate(header_of(scope, b"accept-language"))
    kind = problem.kind
    body: dict[str, object] = {
        "type": kind.type,
        "title": kind.title.in_(language),
        "status": kind.status,
        "detail": _detail(scope, kind, language),
        "support_code": support_code(_trace_id(scope)),
    }
    if problem.errors:
        body["errors"] = [error.to_body(language) for error in problem.errors]
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store", **problem.headers}
    return Response(orjson.dumps(body), kind.status, headers, MEDIA_TYPE)


def _detail(scope: Scope, kind: Kind, language: Language) -> str:
    """Who names a key sends something to be kept, and is told what became of it."""
    detail = kind.detail.in_(language)
    if kind.of_sending is None or b"idempotency-key" not in headers_of(scope):
        return detail
    return f"{detail} {kind.of_sending.in_(language)}"


def install(app: FastAPI) -> None:
    """Answer every refusal of `app`, FastAPI's own included, with a problem document."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


def answer_to(request: Request, error: Exception) -> Response:
    """What `install` would have answered. Raises the error when it is none of a request's."""
    handler = next((handler for kind, handler in _HANDLERS.items() if isinstance(error, kind)), None)
    if handler is None:
        raise error
    return handler(request, error)


def _on_problem(request: Request, error: Exception) -> Response:
    return answer(request.scope, cast(Problem, error))


def _on_away(request: Request, error: Exception) -> Response:
    return answer(request.scope, Problem(kinds.UNAVAILABLE, retry_after=2))


def _on_http_exception(request: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)
    kind = _BY_STATUS.get(refused.status_code, kinds.BAD_REQUEST if refused.status_code < 500 else kinds.INTERNAL)
    headers = {"Allow": _allowed(request)} if refused.status_code == 405 else refused.headers
    return answer(request.scope, Problem(kind, headers=headers))


def _allowed(request: Request) -> str:
    """Every method that the address knows: the router names those of the first route that has it."""
    allowed = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    return ", ".join(allowed)


def _on_validation(request: Request, error: Exception) -> Response:
    errors = parameter_errors_of(cast(RequestValidationError, error).errors())
    return answer(request.scope, Problem(kinds.INVALID, *errors))


def _on_disconnect(request: Request, error: Exception) -> Response:
    """Nobody is there to read it, but the connection's half may still be."""
    return answer(request.scope, Problem(kinds.BAD_REQUEST))


_HANDLERS: Final[Mapping[type[Exception], Callable[[Request, Exception], Response]]] = {
    Problem: _on_problem,
    Away: _on_away,
    HTTPException: _on_http_exception,
    RequestValidationError: _on_validation,
    ClientDisconnect: _on_disconnect,
}


def responses(*of: Kind) -> dict[int | str, dict[str, object]]:
    """For OpenAPI: the problems an operation can answer with, by status."""
    by_status: dict[int, list[Kind]] = {}
    for kind in (*of, kinds.HEADER_REPEATED, kinds.INTERNAL):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "description": "; ".join(f"{kind.title.en} (`{kind.code}`)" for kind in same),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status, same in by_status.items()
    }


def _trace_id(scope: Scope) -> int:
    span: Span | None = scope.get(SPAN)
    trace_id = span.get_span_context().trace_id if span is not None else 0
    return trace_id or randbits(128)
