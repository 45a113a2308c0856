"""Calls between our own processes: refused unless they are signed (see `signing`).

The secret is `app.state.internal_secret` of the internal application.
"""

from starlette.requests import Request
from starlette.types import Scope

from services.common.http import problem_types, signing
from services.common.http.problems import Problem
from services.common.http.signing import SignatureRefused


async def require_signature(request: Request) -> None:
    """A dependency that refuses a call none of our processes signed, body included."""
    _verify(request, await request.body())


async def require_signature_of_stream(request: Request) -> None:
    """A dependency that refuses a call none of our processes signed, before its body is streamed."""
    _verify(request, None)


def has_signature(scope: Scope) -> bool:
    """Whether one of our processes signed the headers of this request."""
    request = Request(scope)
    secret = request.app.state.internal_secret
    return signing.is_signed(secret, request.method, _target(scope), request.headers)


def _verify(request: Request, body: bytes | None) -> None:
    secret = request.app.state.internal_secret
    try:
        signing.verify(secret, request.method, _target(request.scope), request.headers, body)
    except SignatureRefused:
        raise Problem(problem_types.NOT_OURS) from None


def _target(scope: Scope) -> str:
    """The path with its query, as it was sent."""
    query = scope["query_string"]
    target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
    return target.decode("latin-1")
