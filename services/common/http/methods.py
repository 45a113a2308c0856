"""HEAD and OPTIONS for every address (RFC 9110, sections 9.3.2 and 9.3.7). FastAPI answers only the methods that a route lists."""

from typing import Final

from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


class HeadAndOptions:
    """HEAD is answered as GET, without the body. OPTIONS is answered with the methods of the address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "OPTIONS" and (allowed := allowed_methods(scope)):
            await Response(status_code=204, headers={"Allow": allowed})(scope, receive, send)
        elif method == "HEAD":
            as_get = {**scope, "method": "GET"}
            await self._app(as_get, receive, _without_body(send))
            # The span of the request is named by its route.
            scope["route"] = as_get.get("route")
        else:
            await self._app(scope, receive, send)


def allowed_methods(scope: Scope) -> str:
    """The `Allow` header of an address; empty if there is nothing at it. `*` stands for the whole server."""
    routes = scope["app"].routes
    if scope["path"] == "*":
        found = {method for route in iter_route_contexts(routes) for method in route.methods or ()} & {*_METHODS}
    else:
        found = {
            method
            for method in _METHODS
            if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
        }
    implied = {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return ", ".join(sorted(found | implied)) if found else ""


def _without_body(send: Send) -> Send:
    """Sends the headers, which describe the response to a GET, and ends the response."""

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    return send_headers
