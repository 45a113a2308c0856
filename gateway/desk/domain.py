"""Tokens of departments. Pure: no input or output."""

from datetime import datetime, timedelta
from typing import Final

from services.common.contracts.base import Value

_ID_LENGTH: Final = 12


class DepartmentToken(Value):
    """A stored token: the hash of what the department sends, never the token itself."""

    token_hash: str
    department: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, token_hash: str, department: str, now: datetime, days: int) -> "DepartmentToken":
        """A token that is valid from now on."""
        expires_at = now + timedelta(days=days)
        return cls(token_hash=token_hash, department=department, created_at=now, expires_at=expires_at)

    @property
    def id(self) -> str:
        """Names the token to operators. It cannot be used to sign in."""
        return self.token_hash[:_ID_LENGTH]

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at
