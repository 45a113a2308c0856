"""What stands around every HTTP edge: a span, security headers, and one answer for whatever nobody caught.

Pure ASGI: Starlette's own `middleware("http")` costs three to four times as much.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanKind, StatusCode
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.telemetry import tracing
from services.common.telemetry.logging import where
from services.common.web import kinds
from services.common.web.field_errors import FieldError
from services.common.web.heads import header_of, headers_of
from services.common.web.kinds import Kind
from services.common.web.problems import SPAN, Problem, answer

log = structlog.get_logger()
_tracer: Final = trace.get_tracer("postigo")

Headers = Sequence[tuple[bytes, bytes]]

CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_HEADERS: Final = [
    (b"content-security-policy", CSP.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_ONCE: Final = frozenset({b"authorization", b"content-type", b"idempotency-key"})
"""Of two values, whoever stands in front of us may have acted on the other one."""

_UNTRACED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
_CONTINUED: Final = "/internal/"
"""Where the caller's trace is taken up: only our own processes call there. Elsewhere anybody could have every request of
theirs sampled.
"""

COME_BACK: Final = 2
"""Seconds after which somebody who was turned away at the door may try again."""


def _come_in(scope: Scope) -> Problem | None:
    return None


class Edge:
    """`at_door` may turn a request away before anything is done for it, tracing included."""

    def __init__(self, app: ASGIApp, at_door: Callable[[Scope], Problem | None] = _come_in) -> None:
        self._app = app
        self._at_door = at_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNTRACED:
            await self._app(scope, receive, send)
            return
        if (turned_away := self._at_door(scope)) is not None:
            response = answer(scope, turned_away)
            response.raw_headers += _HEADERS
            await response(scope, receive, send)
            return
        span = scope[SPAN] = _continued(scope) or _root(scope["method"])
        status = 0

        async def protected(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        refused = _refused(scope)
        app = answer(scope, refused) if refused else self._app
        try:
            await app(scope, receive, protected)
        except Exception as error:
            log.critical("unhandled", error=type(error).__name__, exc_info=where(error))
            if status == 0:
                await answer(scope, Problem(kinds.INTERNAL))(scope, receive, protected)
        finally:
            if span.is_recording():
                _describe(span, scope, status)
            span.end()


def _root(name: str) -> Span:
    """The span of a request that continues nobody's trace."""
    return _tracer.start_span(name, context=Context(), kind=SpanKind.SERVER)


def _continued(scope: Scope) -> Span | None:
    """The span of a call by one of our own processes that named its own."""
    if not scope["path"].startswith(_CONTINUED):
        return None
    parent = tracing.parse_traceparent(header_of(scope, b"traceparent"))
    if parent is None:
        return None
    context = trace.set_span_in_context(NonRecordingSpan(parent), Context())
    return _tracer.start_span(scope["method"], context=context, kind=SpanKind.SERVER)


def _refused(scope: Scope) -> Problem | None:
    """What is refused for its headers alone."""
    if repeated := _repeated(scope["headers"]):
        return Problem(kinds.HEADER_REPEATED, *repeated)
    names = headers_of(scope).keys()
    if b"upgrade" in names and names & {b"content-length", b"transfer-encoding"}:
        # The parser stops at the head of such a request: its body never arrives.
        return Problem(kinds.BAD_REQUEST, headers={"Connection": "close"})
    return None


def _repeated(headers: Headers) -> list[FieldError]:
    named = [name for name, _ in headers if name in _ONCE]
    if len(named) == len(set(named)):
        return []
    twice = sorted({name.decode().title() for name in named if named.count(name) > 1})
    return [FieldError("header_repeated", parameter=name) for name in twice]


def unreadable(headers: Headers, kind: Kind = kinds.BAD_REQUEST) -> Response:
    """The answer to bytes that did not become a request; `headers` as far as they were read. It ends the connection."""
    scope: dict[str, Any] = {"type": "http", "headers": headers}
    span = scope[SPAN] = _root("unreadable")
    retry_after = COME_BACK if kind.status == 503 else None
    response = answer(scope, Problem(kind, retry_after=retry_after, headers={"Connection": "close"}))
    response.raw_headers += _HEADERS
    span.set_attribute("http.response.status_code", response.status_code)
    span.end()
    return response


def traceparent_of(scope: Scope) -> str | None:
    """The `traceparent` that makes what follows a child of this request's span."""
    span: Span | None = scope.get(SPAN)
    return None if span is None else tracing.to_traceparent(span.get_span_context())


def _describe(span: Span, scope: Scope, status: int) -> None:
    """The route's pattern, never the path: that names a request."""
    route = getattr(scope.get("route"), "path", "unknown")
    span.update_name(f"{scope['method']} {route}")
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
