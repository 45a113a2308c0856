"""Strict query parameters: an unknown one, or one that is given twice, is a field error, like an unknown field of a body.

A misspelt filter that is ignored would answer another question than the one that was asked.
"""

import re
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from datetime import date
from functools import wraps
from typing import Annotated, Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from services.common.http.field_errors import refuse

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _only_a_day(value: object) -> object:
    """Pydantic alone reads `0` as a day in 1970, and a moment as its day."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise refuse("not_day")
    return value


QueryDay = Annotated[date, BeforeValidator(_only_a_day)]
"""A day as `2027-01-31`."""

_is_refused: Final = ContextVar("_is_refused", default=False)
"""Whether the query of this request is refused: then all else is validated, and the endpoint is not called."""


class StrictQueryRoute(APIRoute):
    """A route that accepts the query parameters that its endpoint declares, each once.

    FastAPI refuses unknown ones only where a model declares all of them, which every request would pay for. Here a request without
    a query costs nothing.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _unless_refused(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        names = tuple(_names(self.dependant))

        async def handle(request: Request) -> Response:
            errors = [*_errors(request.query_params, names)] if request.scope["query_string"] else []
            if not errors:
                return await handler(request)
            token = _is_refused.set(True)
            try:
                return await handler(request)
            except RequestValidationError as error:
                raise RequestValidationError([*errors, *error.errors()]) from None
            finally:
                _is_refused.reset(token)

        return handle


def _names(dependant: Dependant) -> Iterator[str]:
    """The query parameters of an endpoint, and of its dependencies."""
    for field in dependant.query_params:
        yield field.alias
    for each in dependant.dependencies:
        yield from _names(each)


def _unless_refused(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    async def call(**arguments: Any) -> Any:
        if _is_refused.get():
            raise RequestValidationError([])
        return await endpoint(**arguments)

    return call


def _errors(received: QueryParams, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The wrong parameters, each once, in the form of Pydantic's errors."""
    for name in received:
        if name not in names:
            context = {"code": "unknown_field" if names else "no_fields", "names": names}
        elif len(received.getlist(name)) > 1:
            context = {"code": "repeated"}
        else:
            continue
        yield {"type": "postigo", "loc": ("query", name), "ctx": context}
