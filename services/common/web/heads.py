"""A request's headers by name. Starlette's own look-up goes through all of them each time, and a submit has five."""

from collections.abc import Mapping
from typing import Final

from starlette.types import Scope

_BY_NAME: Final = "postigo.headers"


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """The first header of each name, which is in lower case."""
    by_name: dict[bytes, bytes] | None = scope.get(_BY_NAME)
    if by_name is None:
        by_name = scope[_BY_NAME] = dict(reversed(scope["headers"]))
    return by_name


def header_of(scope: Scope, name: bytes) -> str:
    """The value of the first header of this name; empty when there is none."""
    return headers_of(scope).get(name, b"").decode("latin-1")
