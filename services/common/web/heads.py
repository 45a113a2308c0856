"""A request's headers by name. Starlette's own look-up goes through all of them each time, and a submit has five."""

from typing import Final

from starlette.requests import Request

_BY_NAME: Final = "postigo.headers"


def header_of(request: Request, name: bytes) -> str:
    """The value of the first header of this name, which is in lower case; empty when there is none."""
    by_name: dict[bytes, bytes] | None = request.scope.get(_BY_NAME)
    if by_name is None:
        by_name = request.scope[_BY_NAME] = dict(reversed(request.scope["headers"]))
    return by_name.get(name, b"").decode("latin-1")
