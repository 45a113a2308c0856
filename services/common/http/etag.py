"""Responses with an `ETag`, and 304 if the client already has them."""

import hashlib
from collections.abc import Mapping

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.common.catalogue import Language

PRIVATE = "private, no-cache"
"""Only the client's own cache may store it, and must revalidate it each time."""


def etag_response(
    request: Request,
    value: BaseModel,
    language: Language,
    headers: Mapping[str, str] | None = None,
    etag: str | None = None,
) -> Response:
    """`value` as JSON with its `ETag`, by default one over the exact bytes; 304 without a body if `If-None-Match` contains it."""
    body = value.model_dump_json(exclude_none=True).encode()
    etag = etag or f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    all_headers = {
        "ETag": etag,
        "Cache-Control": PRIVATE,
        "Content-Language": language,
        "Vary": "Accept-Language, Authorization",
        **(headers or {}),
    }
    if is_known(request, etag):
        return Response(status_code=304, headers=all_headers)
    return Response(body, headers=all_headers, media_type="application/json")


def is_known(request: Request, etag: str) -> bool:
    """Whether the client has it already. Weak comparison (RFC 9110, section 13.1.2)."""
    tags = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return "*" in tags or etag in tags
