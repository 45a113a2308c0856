"""Middleware for every HTTP request: a span, admission, security headers, and a response for uncaught exceptions.

It is pure ASGI: Starlette's `middleware("http")` costs three to four times as much.
"""

import re
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
from services.common.http.problems import SPAN, Problem, ProblemResponder, problem_response
from services.common.runtime.graceful_shutdown import is_draining
from services.common.telemetry import tracing
from services.common.telemetry.logging import redacted_exc_info

log = structlog.get_logger()
_tracer: Final = trace.get_tracer("postigo")

CSP: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_SECURITY_HEADERS: Final = [
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    # With `no-referrer`, browsers send `Origin: null` with the forms of our own pages (Fetch standard, section 3.2).
    (b"referrer-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_CLOSE: Final = (b"connection", b"close")

_ONCE: Final = frozenset({b"authorization", b"content-type", b"idempotency-key"})
"""Headers that may occur only once: of two values, a proxy may have used the other one."""

_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(?::\d{0,5})?|\[[0-9A-Fa-f:.]+\](?::\d{0,5})?"
)
"""A host and an optional port (RFC 3986, section 3.2.2)."""

_UNTRACED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})

Admission = Callable[[Scope], Problem | None]
"""The problem of a request that is rejected before authentication and body parsing; None if it is admitted."""

ResponseObserver = Callable[[Scope, int], None]
"""Called with the ASGI scope and the status of each response."""


class RequestMiddleware:
    """`continues_trace` decides whether the request's span continues the caller's trace. By default it does not: any client
    could make us sample all its requests. `csp` is the content security policy of all responses.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        admission: Admission = lambda _: None,
        continues_trace: Callable[[Scope], bool] = lambda _: False,
        observer: ResponseObserver = lambda _, __: None,
        respond: ProblemResponder = problem_response,
        csp: str = CSP,
    ) -> None:
        self._app = app
        self._admission = admission
        self._continues_trace = continues_trace
        self._observer = observer
        self._respond = respond
        self._headers = [(b"content-security-policy", csp.encode()), *_SECURITY_HEADERS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNTRACED:
            await self._app(scope, receive, send)
            return
        span = scope[SPAN] = _tracer.start_span(scope["method"], context=self._parent(scope), kind=SpanKind.SERVER)
        added = [*self._headers, _CLOSE] if is_draining(scope) else self._headers
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        try:
            await self._app_for(scope)(scope, receive, send_with_headers)
        except Exception as error:
            log.critical("unhandled", error=type(error).__name__, exc_info=redacted_exc_info(error))
            if status == 0:
                await self._respond(scope, Problem(problem_types.INTERNAL))(scope, receive, send_with_headers)
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

    def _app_for(self, scope: Scope) -> ASGIApp:
        """The application, or the problem response of a request that is rejected here."""
        problem = _invalid_host(scope) or self._admission(scope) or _repeated_headers(scope["headers"])
        return self._respond(scope, problem) if problem else self._app


def _invalid_host(scope: Scope) -> Problem | None:
    """RFC 9112, section 3.2: a proxy and an application that read two hosts differently would serve another address.

    HTTP/1.0 has no such header. Proxies and servers give HTTP/2 requests one.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    is_missing = not hosts and scope["http_version"] == "1.1"
    if is_missing or len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0])):
        return Problem(problem_types.BAD_REQUEST, FieldError("host", parameter="Host"))
    return None


def _repeated_headers(headers: Sequence[tuple[bytes, bytes]]) -> Problem | None:
    names = [name for name, _ in headers if name in _ONCE]
    if len(names) == len(set(names)):
        return None
    repeated = sorted({name.decode().title() for name in names if names.count(name) > 1})
    return Problem(problem_types.HEADER_REPEATED, *(FieldError("header_repeated", parameter=name) for name in repeated))


def traceparent_of(scope: Scope) -> str | None:
    """The `traceparent` for records that this request causes: their spans become children of the request's span."""
    span: Span | None = scope.get(SPAN)
    return None if span is None else tracing.to_traceparent(span.get_span_context())


def _describe(span: Span, scope: Scope, status: int) -> None:
    """Describe the span by the route's pattern, not by the path, which contains a request's reference."""
    route = getattr(scope.get("route"), "path", "unknown")
    span.update_name(f"{scope['method']} {route}")
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
