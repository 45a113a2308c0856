"""Authentication of calls between our own processes: unsigned calls are rejected (see `signing`)."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Scope

from services.common.http import problem_types, problems, signing
from services.common.http.middleware import RequestMiddleware
from services.common.http.problems import Problem
from services.common.http.signing import SignatureRefused


def install(app: FastAPI, secret: bytes) -> None:
    """Make `app` an internal application: it answers errors with problem documents, rejects unsigned calls under
    `/internal/`, and continues the trace of signed calls only.
    """
    app.state.internal_secret = secret
    problems.install(app)
    app.add_middleware(RequestMiddleware, admission=_reject_unsigned, continues_trace=_has_signature)


async def require_signature(request: Request) -> None:
    """A dependency that rejects a call unless one of our processes signed its headers and its body."""
    _verify(request, await request.body())


async def require_signature_of_stream(request: Request) -> None:
    """A dependency that rejects a call unless one of our processes signed its headers. The body is streamed, unsigned."""
    _verify(request, None)


def _reject_unsigned(scope: Scope) -> Problem | None:
    """The admission (see `middleware`) of the paths under `/internal/`: without a signature, no body is read."""
    unsigned = scope["path"].startswith("/internal/") and not _has_signature(scope)
    return Problem(problem_types.SIGNATURE) if unsigned else None


def _has_signature(scope: Scope) -> bool:
    """Whether one of our processes signed the headers of this request."""
    request = Request(scope)
    secret = request.app.state.internal_secret
    return signing.is_signed(secret, request.method, _target(scope), request.headers)


def _verify(request: Request, body: bytes | None) -> None:
    secret = request.app.state.internal_secret
    try:
        signing.verify(secret, request.method, _target(request.scope), request.headers, body)
    except SignatureRefused:
        raise Problem(problem_types.SIGNATURE) from None


def _target(scope: Scope) -> str:
    """The path with the query, exactly as it was sent."""
    query = scope["query_string"]
    target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
    return target.decode("latin-1")
