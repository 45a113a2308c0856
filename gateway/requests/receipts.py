"""Receipts: signed proofs of submissions. A request without a view yet is read from its receipt."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from cachetools import TTLCache

from gateway.requests.signed_tokens import sign, verify

_PURPOSE: Final = b"receipt/1"
_MAX_ISSUED: Final = 10_000
_ISSUED_SECONDS: Final = 300.0


class Receipt(NamedTuple):
    """A submission: subject, account and time. `content` is the SHA-256 of the body as received, in hexadecimal."""

    reference: str
    request_id: UUID
    account_id: UUID
    filed_at: datetime
    subject: str
    reason: str
    content: str

    def signed(self, secret: bytes) -> str:
        at = round(self.filed_at.timestamp() * 1000)
        parts = (self.reference, self.request_id.hex, self.account_id.hex, at, self.subject, self.reason, self.content)
        return sign(secret, _PURPOSE, orjson.dumps(parts))


def parse_receipt(secret: bytes, token: str) -> Receipt | None:
    """The receipt in `token`; None if the signature is wrong."""
    payload = verify(secret, _PURPOSE, token)
    if payload is None:
        return None
    reference, request_id, account_id, at, subject, reason, content = orjson.loads(payload)
    filed_at = datetime.fromtimestamp(at / 1000, UTC)
    return Receipt(reference, UUID(request_id), UUID(account_id), filed_at, subject, reason, content)


class IssuedReceipts:
    """The receipts this replica issued in the last five minutes, in bounded memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._receipts: TTLCache[str, Receipt] = TTLCache(_MAX_ISSUED, _ISSUED_SECONDS, clock)

    def add(self, receipt: Receipt) -> Receipt:
        """The first receipt issued here for the request, else this one: a retry does not change the filing time."""
        first = self._receipts.get(receipt.reference) or receipt
        self._receipts[receipt.reference] = first
        return first

    def get(self, reference: str) -> Receipt | None:
        return self._receipts.get(reference)
