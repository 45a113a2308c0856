"""List cursors: the end of a page, for one account and one filter. Opaque and signed."""

from datetime import UTC, datetime
from uuid import UUID

import orjson

from gateway.requests.list_filter import ListFilter
from gateway.requests.signed_tokens import sign, verify

PageEnd = tuple[datetime, str]
"""Filing time and reference of the last request on a page."""


def cursor_of(secret: bytes, account_id: UUID, wanted: ListFilter, end: PageEnd) -> str:
    at, reference = end
    return sign(secret, _purpose(account_id, wanted), orjson.dumps([round(at.timestamp() * 1000), reference]))


def parse_cursor(secret: bytes, account_id: UUID, wanted: ListFilter, cursor: str) -> PageEnd | None:
    """The end of the page; None when the signature is wrong, or made for another account or filter."""
    payload = verify(secret, _purpose(account_id, wanted), cursor)
    if payload is None:
        return None
    at, reference = orjson.loads(payload)
    return datetime.fromtimestamp(at / 1000, UTC), reference


def _purpose(account_id: UUID, wanted: ListFilter) -> bytes:
    return b"cursor/1 " + account_id.bytes + wanted.tag
