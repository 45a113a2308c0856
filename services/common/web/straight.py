"""Answering a route without asking the router: where little is left to do, most of the cost is finding who does it."""

from collections.abc import Iterable, Mapping

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from services.common.web.problems import answer_to


class Straight:
    """Stands before `app`, whose `routes` (by method and path) take the request as it is. All else goes on to `app`."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], APIRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except Exception as error:
            response = answer_to(request, error)
        await response(scope, receive, send)


def straight(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], APIRoute]:
    """`routes`, whose paths have no parameters, by method and path."""
    described = [route for route in routes if isinstance(route, APIRoute)]
    return {(method, route.path): route for route in described for method in route.methods or ()}
