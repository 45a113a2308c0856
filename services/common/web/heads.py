"""A request's headers by name. Starlette's own look-up goes through all of them each time, and a submit has five."""

from typing import Final

from starlette.requests import Request

_BY_NAME: Final = "postigo.headers"


def header_of(request: Request, name: bytes, otherwise: str = "") -> str:
    """The first header of this name, in lower case; `otherwise` when there is none."""
    by_name: dict[bytes, bytes] | None = request.scope.get(_BY_NAME)
    if by_name is None:
        by_name = request.scope[_BY_NAME] = dict(reversed(request.scope["headers"]))
    found = by_name.get(name)
    return otherwise if found is None else found.decode("latin-1")
