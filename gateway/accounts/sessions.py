"""Whose request this is: the session of its token, from a short memory or from the store."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from gateway.accounts.domain import Session, hash_of
from gateway.accounts.store import SessionStore
from gateway.limits import InFlight
from gateway.recent import Recent
from services.common.web import kinds
from services.common.web.heads import header_of
from services.common.web.problems import Problem

REMEMBERED_FOR: Final = 10.0
"""Seconds a session is trusted without asking the store: how long another replica may still honour a sign-out."""

LOOKS: Final = 128
"""Sessions looked up in the store at once."""

_SESSIONS: Final = 20_000


class Sessions:
    """Sessions by token hash. A session ended here is remembered as ended, so that a look-up under way at that moment
    cannot bring it back.
    """

    def __init__(self, store: SessionStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._memory = Recent[str, tuple[Session | None, float]](_SESSIONS)
        self._looking = InFlight("sessions", LOOKS)

    async def of(self, request: Request) -> Session:
        """The session the request shows, or the problem `no-session`."""
        token_hash = hash_of(token_of(request))
        session, until = self._memory.get(token_hash, (None, 0.0))
        if until < self._clock():
            with self._looking:
                session = await self._store.find(token_hash)
            session = self._remember(token_hash, session)
        if session is None or session.expires_at <= datetime.now(UTC):
            raise _no_session('Bearer error="invalid_token"')
        return session

    async def ensure_indexes(self) -> None:
        await self._store.ensure_indexes()

    async def begin(self, token: str, session: Session) -> None:
        await self._store.add(hash_of(token), session)

    async def end(self, request: Request) -> None:
        """End the session the request shows; here at once, on other replicas within 10 s."""
        token_hash = hash_of(token_of(request))
        self._forget(token_hash)
        await self._store.remove(token_hash)
        self._forget(token_hash)

    def _remember(self, token_hash: str, session: Session | None) -> Session | None:
        if session is None:
            return None
        known, until = self._memory.get(token_hash, (session, 0.0))
        if known is None and until >= self._clock():
            return None
        self._keep(token_hash, session)
        return session

    def _forget(self, token_hash: str) -> None:
        self._keep(token_hash, None)

    def _keep(self, token_hash: str, session: Session | None) -> None:
        self._memory[token_hash] = (session, self._clock() + REMEMBERED_FOR)


def token_of(request: Request) -> str:
    """The bearer token of the request, or the problem `no-session`."""
    scheme, _, token = header_of(request.scope, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _no_session("Bearer")
    return token.strip()


def _no_session(challenge: str) -> Problem:
    return Problem(kinds.NO_SESSION, headers={"WWW-Authenticate": challenge})
