"""The cookie that carries a session's token in a browser."""

from typing import Final

from starlette.responses import Response

SESSION_COOKIE: Final = "__Host-postigo-session"
"""The prefix makes browsers refuse it from another path, from another host and from plain HTTP (RFC 6265bis, section 4.1.3)."""


def set_session_cookie(response: Response, token: str) -> None:
    """Until the browser ends: the server ends the session before that."""
    response.set_cookie(SESSION_COOKIE, token, secure=True, httponly=True, samesite="lax")


def delete_session_cookie(response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
