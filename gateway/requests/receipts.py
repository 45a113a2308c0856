"""Receipts: the signed proof that the counter has a request, and what is shown of it until its view is there."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from gateway.recent import Recent
from gateway.requests.seal import seal, unseal

_PURPOSE: Final = b"receipt/1"
_ISSUED: Final = 10_000
_ISSUED_FOR: Final = 300.0


class Receipt(NamedTuple):
    """What was filed, by whom and when; `content` is the SHA-256 of the body as received, in hexadecimal."""

    reference: str
    request_id: UUID
    account_id: UUID
    filed_at: datetime
    subject: str
    reason: str
    content: str

    def sealed(self, secret: bytes) -> str:
        at = round(self.filed_at.timestamp() * 1000)
        parts = (self.reference, self.request_id.hex, self.account_id.hex, at, self.subject, self.reason, self.content)
        return seal(secret, _PURPOSE, orjson.dumps(parts))


def opened(secret: bytes, sealed: str) -> Receipt | None:
    """The receipt in `sealed`, if we made it."""
    payload = unseal(secret, _PURPOSE, sealed)
    if payload is None:
        return None
    reference, request_id, account_id, at, subject, reason, content = orjson.loads(payload)
    filed_at = datetime.fromtimestamp(at / 1000, UTC)
    return Receipt(reference, UUID(request_id), UUID(account_id), filed_at, subject, reason, content)


class Issued:
    """The receipts that this replica issued in the last five minutes, and no more than fit its memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._receipts = Recent[str, tuple[Receipt, float]](_ISSUED)

    def add(self, receipt: Receipt) -> Receipt:
        """The receipt as it was first issued here: to file the same again does not change when it was filed."""
        now, receipt = self._clock(), self.receipt(receipt.reference) or receipt
        self._receipts[receipt.reference] = (receipt, now + _ISSUED_FOR)
        return receipt

    def receipt(self, reference: str) -> Receipt | None:
        """The receipt, if this replica issued it lately."""
        receipt, until = self._receipts.get(reference, (None, 0.0))
        return receipt if until > self._clock() else None
