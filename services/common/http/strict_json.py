"""Strict JSON bodies (RFC 8259): input that two parsers could read differently is rejected."""

import codecs
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive

from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.json_errors import finite_number, json_error, reject_constant
from services.common.http.problems import Problem, too_large
from services.common.http.query_parameters import StrictQueryRoute

JSON_LIMIT: Final = 64 * 1024
"""Maximum bytes of a JSON body."""

MAX_DEPTH: Final = 32
"""Maximum levels of nested objects and lists."""

_PLAIN: Final = (("content-encoding", ("", "identity")), ("transfer-encoding", ("", "chunked")))
"""Header values of an uncompressed body."""


class StrictJsonRequest(Request):
    """A request whose JSON is unambiguous: no repeated names, no NaN, at most `MAX_DEPTH` levels, UTF-8."""

    _value: Any

    async def json(self) -> Any:
        """The parsed body, cached. Raises the problem `not-json`."""
        if not hasattr(self, "_value"):
            self._value = parse_json(await self.body())
        return self._value


class StrictJsonRoute(StrictQueryRoute):
    """A route whose declared body is parsed by `StrictJsonRequest`. Other content types are rejected with 415."""

    body_limit = JSON_LIMIT

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler
        required = self.body_field.field_info.is_required()

        async def handle(request: Request) -> Response:
            if has_body(request):
                require_json(request)
            elif required and "content-type" in request.headers:
                raise Problem(problem_types.NOT_JSON, json_error(b""))
            receive = limited_receive(request, self.body_limit)
            return await handler(StrictJsonRequest(request.scope, receive))

        return handle


def not_accepted(*media_types: str, content: bool = False) -> Problem:
    """The problem of a body of another type than these. `content`: its bytes say so, not the header."""
    accepted = ", ".join(media_types)
    header = FieldError("media_type", parameter="Content-Type", names=media_types)
    error = FieldError("other_content", pointer="", names=media_types) if content else header
    return Problem(problem_types.MEDIA_TYPE, error, headers={"Accept": accepted})


def content_type(request: Request) -> str:
    """The media type of the body, without parameters; empty if the header is missing."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    """Whether a body follows the headers (RFC 9112, section 6)."""
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "").strip("0") != ""


def require_json(request: Request) -> None:
    """Reject a body that is not declared as uncompressed JSON.

    Parameters such as `charset` have no meaning for JSON (RFC 8259, section 11): `parse_json` rejects other encodings.
    """
    if content_type(request) != "application/json":
        raise not_accepted("application/json")
    require_plain(request)


def require_plain(request: Request) -> None:
    """Reject a compressed body, because its size in memory is unknown before it is decompressed."""
    for name, plain in _PLAIN:
        if request.headers.get(name, "").lower() not in plain:
            error = FieldError("encoding", parameter=name.title())
            raise Problem(problem_types.MEDIA_TYPE, error, headers={"Accept-Encoding": "identity"})


def limited_receive(request: Request, limit: int, overhead: int = 0) -> Receive:
    """`request.receive` with a limit: raises the problem `too-large` above `limit` bytes, not counting `overhead` bytes. A
    declared length that exceeds them raises at once.

    FastAPI's `max_body_size` is not used: it rejects a declared length in plain text, without the exception handlers.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:20]) > limit + overhead:
        raise too_large(limit)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit + overhead:
            raise too_large(limit)
        return message

    return receive


async def body_chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The chunks of a streamed body. Raises `ClientDisconnect` if the body ends early."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if chunk := message.get("body", b""):
            yield chunk
        more = message.get("more_body", False)


def parse_json(body: bytes) -> Any:
    """Parse `body` strictly. A byte order mark before it is ignored (RFC 8259, section 8.1). Raises the problem `not-json`,
    which says why.
    """
    try:
        value = _DECODER.decode(body.removeprefix(codecs.BOM_UTF8).decode())
        _require_shallow(value)
    except (ValueError, RecursionError):
        raise Problem(problem_types.NOT_JSON, json_error(body)) from None
    return value


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a repeated name")
    return value


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in _parts(each) if isinstance(part, _NESTING)]
        if not level:
            return
    raise ValueError("nested too deep")


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


_NESTING: Final = (dict, list)

_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique_names, parse_constant=reject_constant, parse_float=finite_number
)
