"""Calls between our own processes: refused unless they are signed (see `signing`)."""

from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from services.common.web import kinds
from services.common.web.bodies import check, parse_json, read_body, require_json
from services.common.web.problems import Problem
from services.common.web.signing import SignatureRefused, verify

M = TypeVar("M", bound=BaseModel)


def require_ours(request: Request, secret: bytes, body: bytes | None = None) -> None:
    """Refuse what none of our processes signed. `body` is None where it is streamed, and where there is none."""
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    try:
        verify(secret, request.method, target.decode("latin-1"), request.headers, body)
    except SignatureRefused:
        raise Problem(kinds.NOT_OURS) from None


async def read_ours(request: Request, secret: bytes, model: type[M]) -> M:
    """The JSON body of a signed call as a `model`."""
    body = await read_body(request)
    require_ours(request, secret, body)
    require_json(request)
    return check(model, parse_json(body))
