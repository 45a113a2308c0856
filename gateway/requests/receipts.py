"""Receipts: signed proofs of submissions. A request without a view yet is read from its receipt."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from cachetools import TTLCache

from gateway.accounts.domain import Session
from gateway.requests.signed_tokens import sign, verify

_PURPOSE: Final = b"receipt/1"
_MAX_ISSUED: Final = 10_000
_ISSUED_SECONDS: Final = 300.0


class Receipt(NamedTuple):
    """A submission: subject, account and time. `content` is the SHA-256 of the body as received, in hexadecimal. `actor_id` is the only
    person of the account who may read the request; None if all may.
    """

    reference: str
    request_id: UUID
    account_id: UUID
    filed_at: datetime
    subject: str
    reason: str
    content: str
    actor_id: UUID | None = None

    def may_be_read_by(self, session: Session) -> bool:
        return self.account_id == session.account_id and self.actor_id in (None, session.actor_id)

    def signed(self, secret: bytes) -> str:
        at = round(self.filed_at.timestamp() * 1000)
        parts = (self.reference, self.request_id.hex, self.account_id.hex, at, self.subject, self.reason, self.content)
        reader = () if self.actor_id is None else (self.actor_id.hex,)
        return sign(secret, _PURPOSE, orjson.dumps((*parts, *reader)))


def parse_receipt(secret: bytes, token: str) -> Receipt | None:
    """The receipt in `token`; None if the signature is wrong."""
    payload = verify(secret, _PURPOSE, token)
    if payload is None:
        return None
    reference, request_id, account_id, at, subject, reason, content, *reader = orjson.loads(payload)
    filed_at = datetime.fromtimestamp(at / 1000, UTC)
    actor_id = UUID(reader[0]) if reader else None
    return Receipt(reference, UUID(request_id), UUID(account_id), filed_at, subject, reason, content, actor_id)


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
