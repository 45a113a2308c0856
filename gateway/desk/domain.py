"""Tokens of departments. Pure: no input or output."""

from datetime import datetime, timedelta
from typing import Final

from gateway.accounts.domain import hash_of, new_token as new_bearer_token
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
    token = new_bearer_token()
    return token, DepartmentToken(
        token_hash=hash_of(token), department=department, created_at=now, expires_at=now + timedelta(days=days)
    )
