"""What surrounds every HTTP request: a span, security headers, admission, and one answer for uncaught exceptions.

Pure ASGI: Starlette's own `middleware("http")` costs three to four times as much.
"""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanKind, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import SPAN, Problem, problem_response
from services.common.runtime.graceful_shutdown import is_draining
from services.common.telemetry import tracing
from services.common.telemetry.logging import where

log = structlog.get_logger()
_tracer: Final = trace.get_tracer("postigo")

CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_SECURITY_HEADERS: Final = [
    (b"content-security-policy", CSP.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_CLOSE: Final = (b"connection", b"close")

_ONCE: Final = frozenset({b"authorization", b"content-type", b"idempotency-key"})
"""A proxy may have acted on another one of two values than we would."""

_UNTRACED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})

Admission = Callable[[Scope], Problem | None]
"""Why a request is refused before anything is done for it; None when it is admitted."""

ResponseObserver = Callable[[Scope, int], None]
"""Told the ASGI scope and the status of each response."""


class RequestMiddleware:
    """`continues_trace` tells whether the caller's trace is continued; elsewhere anybody could have all of their requests
    sampled.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        admission: Admission = lambda _: None,
        continues_trace: Callable[[Scope], bool] = lambda _: False,
        observer: ResponseObserver = lambda _, __: None,
    ) -> None:
        self._app = app
        self._admission = admission
        self._continues_trace = continues_trace
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNTRACED:
            await self._app(scope, receive, send)
            return
        span = scope[SPAN] = _tracer.start_span(scope["method"], context=self._parent(scope), kind=SpanKind.SERVER)
        added = [*_SECURITY_HEADERS, _CLOSE] if is_draining(scope) else _SECURITY_HEADERS
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        try:
            await self._answering(scope)(scope, receive, send_with_headers)
        except Exception as error:
            log.critical("unhandled", error=type(error).__name__, exc_info=where(error))
            if status == 0:
                await problem_response(scope, Problem(problem_types.INTERNAL))(scope, receive, send_with_headers)
        finally:
            self._observer(scope, status)
            if span.is_recording():
                _describe(span, scope, status)
            span.end()

    def _parent(self, scope: Scope) -> Context:
        if not self._continues_trace(scope):
            return Context()
        parent = tracing.parse_traceparent(Headers(scope=scope).get("traceparent"))
        return Context() if parent is None else trace.set_span_in_context(NonRecordingSpan(parent), Context())

    def _answering(self, scope: Scope) -> ASGIApp:
        """The application, or the refusal of a request that it does not get to see."""
        refused = self._admission(scope) or _repeated(scope["headers"])
        return problem_response(scope, refused) if refused else self._app


def _repeated(headers: Sequence[tuple[bytes, bytes]]) -> Problem | None:
    named = [name for name, _ in headers if name in _ONCE]
    if len(named) == len(set(named)):
        return None
    twice = sorted({name.decode().title() for name in named if named.count(name) > 1})
    return Problem(problem_types.HEADER_REPEATED, *(FieldError("header_repeated", parameter=name) for name in twice))


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
