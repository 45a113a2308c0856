"""List cursors: where a page ended, for one account and one filter. Opaque and signed."""

from datetime import UTC, datetime
from uuid import UUID

import orjson

from gateway.requests.signed_tokens import sign, verify
from services.common.contracts.lifecycle import State

Place = tuple[datetime, str]
"""SubmissionService time and reference of the last request shown."""


def cursor_of(secret: bytes, account_id: UUID, state: State | None, place: Place) -> str:
    at, reference = place
    return sign(secret, _purpose(account_id, state), orjson.dumps([round(at.timestamp() * 1000), reference]))


def place_of(secret: bytes, account_id: UUID, state: State | None, cursor: str) -> Place | None:
    """Where the page ended; None when the cursor is not ours, or of another account or filter."""
    payload = verify(secret, _purpose(account_id, state), cursor)
    if payload is None:
        return None
    at, reference = orjson.loads(payload)
    return datetime.fromtimestamp(at / 1000, UTC), reference


def _purpose(account_id: UUID, state: State | None) -> bytes:
    return b"cursor/1 " + account_id.bytes + (state or "").encode()
