"""Sessions by token: a short-lived cache in front of the store."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cachetools import TTLCache

from gateway.accounts.domain import Session, hash_of
from gateway.accounts.store import SessionStore
from gateway.limits import ConcurrencyLimit
from services.common.http import problem_types
from services.common.http.problems import Problem

CACHE_SECONDS: Final = 10.0
"""How long a session is cached. After a sign-out, other replicas may accept the token for as long."""

LOOK_UPS: Final = 128
"""Concurrent session look-ups in the store."""

_MAX_CACHED: Final = 20_000


class Sessions:
    """A sign-out caches None for the token, so that a look-up in progress cannot cache the session again."""

    def __init__(self, store: SessionStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._cache: TTLCache[str, Session | None] = TTLCache(_MAX_CACHED, CACHE_SECONDS, clock)
        self._look_ups = ConcurrencyLimit("sessions", LOOK_UPS)

    async def get(self, token: str) -> Session:
        """The session of this token. Raises the problem `no-session`."""
        token_hash = hash_of(token)
        try:
            session = self._cache[token_hash]
        except KeyError:
            session = await self._look_up(token_hash)
        if session is None or session.expires_at <= datetime.now(UTC):
            raise no_session('Bearer error="invalid_token"')
        return session

    async def _look_up(self, token_hash: str) -> Session | None:
        with self._look_ups:
            session = await self._store.find(token_hash)
        return None if session is None else self._cache.setdefault(token_hash, session)

    async def ensure_indexes(self) -> None:
        await self._store.ensure_indexes()

    async def start(self, token: str, session: Session) -> None:
        await self._store.add(hash_of(token), session)

    async def end(self, token: str) -> None:
        """End the session of this token: at once on this replica, within `CACHE_SECONDS` on the others."""
        token_hash = hash_of(token)
        self._cache[token_hash] = None
        await self._store.remove(token_hash)
        self._cache[token_hash] = None


def no_session(challenge: str = "Bearer") -> Problem:
    """`challenge` is the `WWW-Authenticate` header (RFC 6750)."""
    return Problem(problem_types.NO_SESSION, headers={"WWW-Authenticate": challenge})
