"""Problem documents (RFC 9457): the body of every error response.

They never contain the request's content or an exception's text. The support code identifies the trace.
"""

from collections.abc import Callable, Mapping
from secrets import randbits
from typing import Annotated, Any, Final, cast, get_args

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from opentelemetry.trace import Span
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from services.common.domain.errors import Unavailable
from services.common.domain.identifiers import support_code
from services.common.http import problem_types
from services.common.http.field_errors import FieldError, request_errors
from services.common.http.methods import allowed_methods
from services.common.http.problem_types import ProblemType
from services.common.http.reader_language import language_of

SPAN: Final = "postigo.span"
"""The key of the request's span in the ASGI scope."""

MEDIA_TYPE: Final = "application/problem+json"

_BY_STATUS: Final = {
    401: problem_types.NO_SESSION,
    404: problem_types.NO_ADDRESS,
    405: problem_types.METHOD,
    413: problem_types.TOO_LARGE,
    415: problem_types.MEDIA_TYPE,
    503: problem_types.UNAVAILABLE,
}


class Problem(HTTPException):
    """Raise it anywhere in an HTTP application; the response is a problem document. `retry_after` is in whole seconds."""

    def __init__(
        self,
        kind: ProblemType,
        *errors: FieldError,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.retry_after = None if retry_after is None else max(1, retry_after)
        retry = {} if retry_after is None else {"Retry-After": str(self.retry_after)}
        super().__init__(kind.status, kind.code, {**(headers or {}), **retry})
        self.kind = kind
        self.errors = errors


class FieldProblem(BaseModel):
    """One field that is wrong: either `pointer` or `parameter` locates it."""

    pointer: Annotated[str | None, Field(description="The place in the body (RFC 6901); empty for the whole body.")] = (
        None
    )
    parameter: Annotated[
        str | None, Field(description="The name of a parameter of the path or query, or of a header.")
    ] = None
    code: Annotated[str, Field(description="What is wrong, for programs.")]
    detail: Annotated[str, Field(description="What is wrong and what to do, for people.")]
    accepted: Annotated[
        list[str] | None, Field(description="What is accepted instead: values, media types, or names of fields.")
    ] = None
    line: Annotated[int | None, Field(description="The line of an error in JSON, from 1.")] = None
    column: Annotated[int | None, Field(description="The column of an error in JSON, in characters from 1.")] = None


class ProblemDocument(BaseModel):
    """The body of every error response (RFC 9457)."""

    type: Annotated[str, Field(pattern="^urn:postigo:problem:[a-z-]+$")]
    title: str
    status: int
    detail: str
    support_code: Annotated[str, Field(pattern="^[0-9A-HJKMNP-TV-Z]{10}$")]
    errors: list[FieldProblem] = []


ProblemResponder = Callable[[Scope, Problem], Response]
"""Makes the response of a problem: a document, or a page."""


def problem_response(scope: Scope, problem: Problem) -> Response:
    """The problem document, in the language the request asks for, else in that of the account, if it is known."""
    headers, kind = Headers(scope=scope), problem.kind
    language = language_of(scope)
    body: dict[str, object] = {
        "type": kind.type,
        "title": kind.title.in_(language),
        "status": kind.status,
        "detail": kind.detail_in(language, problem.retry_after, is_submission="idempotency-key" in headers),
        "support_code": support_code_of(scope),
    }
    if problem.errors:
        body["errors"] = [error.to_body(language) for error in problem.errors]
    response_headers = {
        "Content-Language": language,
        "Vary": "Accept-Language, Authorization",
        "Cache-Control": "no-store",
        **(problem.headers or {}),
    }
    return Response(orjson.dumps(body), kind.status, response_headers, MEDIA_TYPE)


def too_large(limit: int) -> Problem:
    """The problem of a body over `limit` bytes."""
    return Problem(problem_types.TOO_LARGE, FieldError("too_large", pointer="", limit=limit))


def unavailable() -> Problem:
    """The problem of a store or a service that is away."""
    return Problem(problem_types.UNAVAILABLE, retry_after=2)


def install(app: FastAPI, respond: ProblemResponder = problem_response) -> None:
    """Make `app` answer every error, FastAPI's own included, with what `respond` makes of a problem."""

    def handler(to_problem: Callable[[Request, Exception], Problem]) -> Callable[[Request, Exception], Any]:
        async def handle(request: Request, error: Exception) -> Response:
            return respond(request.scope, to_problem(request, error))

        return handle

    for kind, to_problem in _PROBLEMS.items():
        app.add_exception_handler(kind, handler(to_problem))


def _of_problem(_: Request, error: Exception) -> Problem:
    return cast(Problem, error)


def _of_unavailable(_: Request, __: Exception) -> Problem:
    return unavailable()


def _of_http_exception(request: Request, error: Exception) -> Problem:
    raised = cast(HTTPException, error)
    kind = _BY_STATUS.get(
        raised.status_code, problem_types.BAD_REQUEST if raised.status_code < 500 else problem_types.INTERNAL
    )
    headers = {"Allow": allowed_methods(request.scope)} if raised.status_code == 405 else raised.headers
    return Problem(kind, headers=headers)


def _of_validation(request: Request, error: Exception) -> Problem:
    """One problem that names everything that is wrong: a missing key hides no wrong field."""
    errors = request_errors(cast(RequestValidationError, error).errors(), _body_model(request.scope["route"]))
    without_key = any(each.parameter == "Idempotency-Key" for each in errors)
    return Problem(problem_types.IDEMPOTENCY_KEY if without_key else problem_types.INVALID, *errors)


def _of_disconnect(_: Request, __: Exception) -> Problem:
    """No client reads this response, but the metrics count it."""
    return Problem(problem_types.BAD_REQUEST)


_PROBLEMS: Final[Mapping[type[Exception], Callable[[Request, Exception], Problem]]] = {
    Problem: _of_problem,
    Unavailable: _of_unavailable,
    HTTPException: _of_http_exception,
    RequestValidationError: _of_validation,
    ClientDisconnect: _of_disconnect,
}


def _body_model(route: APIRoute) -> type[BaseModel]:
    """The model that a route declares for its body, also if the body is optional."""
    declared = route.body_field.field_info.annotation if route.body_field else None
    models = [
        each for each in (declared, *get_args(declared)) if isinstance(each, type) and issubclass(each, BaseModel)
    ]
    return models[0] if models else BaseModel


def problem_responses(*of: ProblemType) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that an operation can respond with, by status."""
    by_status: dict[int, list[ProblemType]] = {}
    for kind in (*of, problem_types.HEADER_REPEATED, problem_types.INTERNAL):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "model": ProblemDocument,
            "description": "; ".join(f"{kind.title.en} (`{kind.code}`)" for kind in kinds),
        }
        for status, kinds in by_status.items()
    }


def support_code_of(scope: Scope) -> str:
    """The code that people tell support: it identifies the trace of the request."""
    span: Span | None = scope.get(SPAN)
    trace_id = span.get_span_context().trace_id if span is not None else 0
    return support_code(trace_id or randbits(128))
