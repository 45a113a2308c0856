"""Tokens of departments. Pure: no input or output."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from services.common.contracts.base import Value

MAX_DAYS: Final = 730
"""Days that a token may live."""

_ID_LENGTH: Final = 12


class DepartmentToken(Value):
    """A stored token: the hash of what the department sends, never the token itself."""

    token_hash: str
    department: str
    created_at: datetime
    expires_at: datetime

    @property
    def id(self) -> str:
        """Names the token to operators. It cannot be used to sign in."""
        return self.token_hash[:_ID_LENGTH]

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at


def new_token(department: str, now: datetime, days: int) -> tuple[str, DepartmentToken]:
    """A token of 256 random bits, and what is stored of it."""
    token = secrets.token_urlsafe(32)
    return token, DepartmentToken(
        token_hash=hash_of(token), department=department, created_at=now, expires_at=now + timedelta(days=days)
    )


def hash_of(token: str) -> str:
    """SHA-256. Tokens are random, so they need no salt or slow hash; looking up a hash reveals nothing by its time."""
    return hashlib.sha256(token.encode()).hexdigest()
