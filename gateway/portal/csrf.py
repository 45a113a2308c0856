"""Protection against forms of other sites (cross-site request forgery): the origin of each form, and a token in it."""

from hmac import compare_digest
from typing import Final

from starlette.requests import Request

from gateway.requests.signed_tokens import sign
from services.common.http import problem_types
from services.common.http.problems import Problem

FIELD: Final = "csrf"
_PURPOSE: Final = b"csrf/1"


def csrf_token(secret: bytes, session_token: str) -> str:
    """The token of all forms of one session."""
    return sign(secret, _PURPOSE + session_token.encode(), b"")


def require_csrf_token(secret: bytes, session_token: str, sent: str) -> None:
    """Raises the problem `cross-site` for a form that was not made for this session."""
    if not compare_digest(csrf_token(secret, session_token).encode(), sent.encode()):
        raise Problem(problem_types.CROSS_SITE)


def require_same_origin(request: Request) -> None:
    """Raises the problem `cross-site` for a form that no page of ours sent, or whose sender cannot be told.

    All browsers of the last years send one of the two headers with a form.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    # The scheme is not compared: the proxy speaks TLS with the browser and HTTP with us.
    same_host = origin.partition("://")[2] == request.headers.get("host")
    if not (site == "same-origin" if site else same_host):
        raise Problem(problem_types.CROSS_SITE)
