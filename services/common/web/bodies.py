"""Reading a body: bounded, in time, and as strict as JSON allows, so that what was sent is what was understood."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from services.common.web import kinds
from services.common.web.field_errors import FieldError, errors_of
from services.common.web.heads import header_of, headers_of
from services.common.web.problems import Problem

M = TypeVar("M", bound=BaseModel)

JSON_CAP: Final = 64 * 1024
"""Bytes a JSON body may have."""

READ_WITHIN: Final = 10.0
"""Seconds a JSON body may take to arrive."""

MAX_DEPTH: Final = 32

_PLAIN: Final = ((b"content-encoding", ("", "identity")), (b"transfer-encoding", ("", "chunked")))
"""What the headers of a body say when it comes as it is."""

ARRIVED: Final = "postigo.arrived"
"""Stands in the ASGI scope once all of the body is here: nothing is waited for any more."""


def too_large(cap: int) -> Problem:
    """What was sent is over `cap` bytes."""
    return Problem(kinds.TOO_LARGE, FieldError("too_large", pointer="", limit=cap))


def not_accepted(*media_types: str, content: bool = False) -> Problem:
    """What was sent is of another type than these; by what it holds, when that is not the type it was said to be."""
    accepted = ", ".join(each.partition(";")[0] for each in media_types)
    said = FieldError("media_type", parameter="Content-Type", names=media_types)
    error = FieldError("other_content", pointer="", names=media_types) if content else said
    return Problem(kinds.MEDIA_TYPE, error, headers={"Accept": accepted})


def content_type(request: Request) -> str:
    """The media type of the body, without its parameters; empty when none is named."""
    return header_of(request.scope, b"content-type").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    """Whether anything is sent behind the head, by what the head says."""
    return (
        b"transfer-encoding" in headers_of(request.scope)
        or header_of(request.scope, b"content-length").strip("0") != ""
    )


def require_json(request: Request) -> None:
    """Refuse a body that is not declared as plain UTF-8 JSON."""
    media_type, _, parameters = header_of(request.scope, b"content-type").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").removeprefix("charset=")
    if media_type.strip() != "application/json" or charset not in {"", "utf-8"}:
        raise not_accepted("application/json; charset=utf-8")
    require_plain(request)


def too_slow() -> Problem:
    """What was sent did not come in time."""
    return Problem(kinds.TOO_SLOW, headers={"Connection": "close"})


def require_plain(request: Request) -> None:
    """Refuse a compressed body: its size on the wire would say nothing."""
    for name, plain in _PLAIN:
        if header_of(request.scope, name).lower() not in plain:
            error = FieldError("encoding", parameter=name.decode().title())
            raise Problem(kinds.MEDIA_TYPE, error, headers={"Accept-Encoding": "identity"})


def require_length(request: Request, cap: int) -> None:
    """Refuse by its own word a body that will be over `cap` bytes, before reading any of it."""
    length = header_of(request.scope, b"content-length")
    if length.isdigit() and int(length[:20]) > cap:
        raise too_large(cap)


async def read_body(request: Request, cap: int = JSON_CAP) -> bytes:
    """The whole body. Over `cap` bytes is 413, slower than 10 s is 408; nothing more of it is kept."""
    require_length(request, cap)
    if ARRIVED in request.scope:
        return await _whole(request, cap)
    try:
        async with asyncio.timeout(READ_WITHIN):
            return await _whole(request, cap)
    except TimeoutError:
        raise too_slow() from None


async def _whole(request: Request, cap: int) -> bytes:
    return b"".join([piece async for piece in pieces(request.receive, cap)])


async def pieces(receive: Receive, cap: int) -> AsyncIterator[bytes]:
    """A body as it comes. Over `cap` bytes is 413. Raises `ClientDisconnect` when it ends early."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        size += len(piece)
        if size > cap:
            raise too_large(cap)
        if piece:
            yield piece
        more = message.get("more_body", False)


def parse_json(body: bytes) -> Any:
    """The value in `body`. Refuses what readers disagree on: repeated names, NaN, depth, encodings other than UTF-8."""
    try:
        value = _DECODER.decode(body.decode())
        _require_shallow(value)
    except (ValueError, RecursionError):
        raise Problem(kinds.NOT_JSON) from None
    return value


def check(model: type[M], value: Any) -> M:
    """`value` as a `model`, or a problem that points at each field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Problem(kinds.INVALID, *errors_of(error, model)) from None


async def read_json(request: Request, model: type[M], cap: int = JSON_CAP) -> M:
    """The JSON body as a `model`."""
    require_json(request)
    return check(model, parse_json(await read_body(request, cap)))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _number(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("beyond any number")
    return number


def _require_shallow(value: Any) -> None:
    layer = [value]
    for _ in range(MAX_DEPTH):
        layer = [part for each in layer for part in _parts(each) if isinstance(part, _NESTING)]
        if not layer:
            return
    raise ValueError("nested too deep")


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


_NESTING: Final = (dict, list)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_number)
