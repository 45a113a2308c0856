"""Sessions by their token: from a short memory or from the store."""

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

REMEMBERED_FOR: Final = 10.0
"""Seconds a session is trusted without asking the store: how long another replica may still honour a sign-out."""

LOOK_UPS: Final = 128
"""Sessions looked up in the store at once."""

_SESSIONS: Final = 20_000


class Sessions:
    """A session ended here is remembered as ended (None): a look-up in progress at that moment cannot bring it back."""

    def __init__(self, store: SessionStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._memory: TTLCache[str, Session | None] = TTLCache(_SESSIONS, REMEMBERED_FOR, clock)
        self._look_ups = ConcurrencyLimit("sessions", LOOK_UPS)

    async def get(self, token: str) -> Session:
        """The session of this token. Raises the problem `no-session`."""
        token_hash = hash_of(token)
        try:
            session = self._memory[token_hash]
        except KeyError:
            session = await self._look_up(token_hash)
        if session is None or session.expires_at <= datetime.now(UTC):
            raise no_session('Bearer error="invalid_token"')
        return session

    async def _look_up(self, token_hash: str) -> Session | None:
        with self._look_ups:
            found = await self._store.find(token_hash)
        return None if found is None else self._memory.setdefault(token_hash, found)

    async def ensure_indexes(self) -> None:
        await self._store.ensure_indexes()

    async def begin(self, token: str, session: Session) -> None:
        await self._store.add(hash_of(token), session)

    async def end(self, token: str) -> None:
        """End the session of this token; here at once, on other replicas within 10 s."""
        token_hash = hash_of(token)
        self._memory[token_hash] = None
        await self._store.remove(token_hash)
        self._memory[token_hash] = None


def no_session(challenge: str = "Bearer") -> Problem:
    """`challenge` is the `WWW-Authenticate` header (RFC 6750)."""
    return Problem(problem_types.NO_SESSION, headers={"WWW-Authenticate": challenge})
