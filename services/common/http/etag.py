"""Responses that are read again: an `ETag` of exactly the bytes sent, and 304 when the reader already has them."""

import hashlib
from collections.abc import Mapping

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.common.catalogue import Language

PRIVATE = "private, no-cache"
"""Stored by the reader alone, and revalidated each time."""


def etag_response(
    request: Request, value: BaseModel, language: Language, headers: Mapping[str, str] | None = None
) -> Response:
    """`value` as JSON with its `ETag`; 304 without a body when `If-None-Match` names it."""
    body = value.model_dump_json(exclude_none=True).encode()
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    all_headers = {
        "ETag": etag,
        "Cache-Control": PRIVATE,
        "Content-Language": language,
        "Vary": "Accept-Language, Authorization",
        **(headers or {}),
    }
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=all_headers)
    return Response(body, headers=all_headers, media_type="application/json")


def _matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison (RFC 9110, section 13.1.2)."""
    named = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in named or etag in named
