"""Receipts: the signed proof that the counter has a request, and what is shown of it until its view is there."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from gateway.requests.seal import seal, unseal

_PURPOSE: Final = b"receipt/1"
_ISSUED: Final = 10_000
_KEYS: Final = 50_000
_ISSUED_FOR: Final = 300.0
_KEY_KEPT_FOR: Final = 24 * 3600.0


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
    """What this replica issued: receipts for five minutes, keys with what they were used for for a day, both bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._receipts: OrderedDict[str, tuple[Receipt, float]] = OrderedDict()
        self._keys: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def add(self, key: bytes, receipt: Receipt) -> Receipt:
        """The receipt as it was first issued here: to file the same again does not change when it was filed."""
        now, receipt = self._clock(), self.receipt(receipt.reference) or receipt
        self._receipts[receipt.reference] = (receipt, now + _ISSUED_FOR)
        self._receipts.move_to_end(receipt.reference)
        if len(self._receipts) > _ISSUED:
            self._receipts.popitem(last=False)
        self.remember(key, receipt.request_id)
        return receipt

    def remember(self, key: bytes, id: UUID) -> None:
        """That this key was used for the request or act of this id."""
        self._keys[key] = (id.bytes, self._clock() + _KEY_KEPT_FOR)
        self._keys.move_to_end(key)
        if len(self._keys) > _KEYS:
            self._keys.popitem(last=False)

    def receipt(self, reference: str) -> Receipt | None:
        """The receipt, if this replica issued it lately."""
        receipt, until = self._receipts.get(reference, (None, 0.0))
        return receipt if until > self._clock() else None

    def other_sending(self, key: bytes, id: UUID) -> bool:
        """Whether this replica took another request or act under the same key within a day."""
        known, until = self._keys.get(key, (id.bytes, 0.0))
        return known != id.bytes and until > self._clock()
