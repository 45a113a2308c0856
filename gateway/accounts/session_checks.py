"""Checks many sessions at once, for connections that stay open after their request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.accounts.domain import StoredSession
from gateway.accounts.sessions import is_idle
from gateway.accounts.store import AccountStore, SessionStore
from services.common.store import store_deadline


@dataclass(frozen=True, slots=True)
class SessionChecks:
    """Reads the store, never a cache. A check is no use of a session."""

    store: SessionStore
    accounts: AccountStore
    idle: timedelta

    async def not_ended(self, token_hashes: Collection[str]) -> set[str]:
        """Those of the token hashes whose sessions have not ended. Raises `StoreUnavailable`."""
        now = datetime.now(UTC)
        async with store_deadline():
            found = await self.store.find_all(token_hashes)
            versions = await self.accounts.password_versions({each.session.account_id for each in found.values()})
        return {
            token_hash
            for token_hash, each in found.items()
            if each.session.expires_at > now and not is_idle(each, self.idle, now) and _same_password(each, versions)
        }


def _same_password(stored: StoredSession, versions: Mapping[UUID, str]) -> bool:
    """Whether the account exists, with the password of when the session began (None: any)."""
    current = versions.get(stored.session.account_id)
    return current is not None and stored.password_version in (None, current)
