"""Authentication of calls between our own processes: unsigned calls are rejected, and responses are signed (see `signing`)."""

from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.http import problem_types, problems, signing
from services.common.http.middleware import RequestMiddleware
from services.common.http.problems import Problem, problem_response
from services.common.http.signing import SignatureRefused, SignedStream
from services.common.http.strict_json import body_chunks, has_body, limited_receive
from services.common.telemetry import security

INTERNAL: Final = "/internal/"


def install(app: FastAPI, secret: bytes) -> None:
    """Make `app` an internal application: it answers errors with problem documents, rejects unsigned calls under
    `/internal/`, signs its responses to signed ones, and continues the trace of signed calls only.
    """
    app.state.internal_secret = secret
    problems.install(app)
    app.add_exception_handler(SignatureRefused, _on_signature_refused)
    app.add_middleware(RequestMiddleware, admission=_reject_unsigned, continues_trace=_has_signature)
    app.add_middleware(SignedResponses)


async def require_signature(request: Request) -> None:
    """A dependency that rejects a call unless one of our processes signed its headers and its body."""
    signing.verify(*_signed_part(request), await request.body())


async def require_signature_without_body(request: Request) -> None:
    """A dependency that rejects a call with a body, and a call whose headers none of our processes signed."""
    if has_body(request):
        raise SignatureRefused
    signing.verify(*_signed_part(request), b"")


def signed_stream(request: Request, limit: int) -> SignedStream:
    """The content, of at most `limit` bytes, of a streamed body. Rejects a call whose headers none of our processes signed."""
    chunks = body_chunks(limited_receive(request, limit + signing.TRAILER_BYTES))
    return signing.verify_stream(*_signed_part(request), chunks)


class SignedResponses:
    """Middleware that signs the responses under `/internal/`. They are small, so each is held until it is complete."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(INTERNAL):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def send_signed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                signature = _signature_of_response(scope, start["status"], bytes(body))
                headers = [*start.get("headers", ()), (b"postigo-signature", signature.encode())]
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": bytes(body)})

        await self._app(scope, receive, send_signed)


def _signature_of_response(scope: Scope, status: int, body: bytes) -> str:
    request = Request(scope)
    call = request.headers.get("postigo-signature", "")
    return signing.sign_response(_secret(request), call, status, body)


def _reject_unsigned(scope: Scope) -> Problem | None:
    """The admission (see `middleware`) of the paths under `/internal/`: without a signature, no body is read."""
    if not scope["path"].startswith(INTERNAL) or _has_signature(scope):
        return None
    return _refusal(scope, "headers")


def _has_signature(scope: Scope) -> bool:
    """Whether one of our processes signed the headers of this request."""
    return signing.is_signed(*_signed_part(Request(scope)))


async def _on_signature_refused(request: Request, _: Exception) -> Response:
    return problem_response(request.scope, _refusal(request.scope, "body"))


def _refusal(scope: Scope, because: str) -> Problem:
    """The problem of one unsigned call. The security log counts it. `because`: what the signature does not cover."""
    address, _ = scope.get("client") or ("", 0)
    security.report("signature-refused", because, address=address)
    return Problem(problem_types.SIGNATURE)


def _signed_part(request: Request) -> tuple[bytes, str, str, Headers]:
    """The secret, and what the signature of a call covers beside its body."""
    return _secret(request), request.method, _target(request.scope), request.headers


def _secret(request: Request) -> bytes:
    secret: bytes = request.app.state.internal_secret
    return secret


def _target(scope: Scope) -> str:
    """The path with the query, exactly as it was sent."""
    query = scope["query_string"]
    target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
    return target.decode("latin-1")
