"""Sessions by token: a short-lived cache in front of the store."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cachetools import TLRUCache

from gateway.accounts.domain import Session, StoredSession, session_id_of
from gateway.accounts.store import AccountStore, SessionStore
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from services.common.domain.errors import StoreUnavailable
from services.common.domain.networks import network_of
from services.common.domain.tokens import hash_of
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.store import store_deadline
from services.common.telemetry import security

CACHE_SECONDS: Final = 8.0
"""How long a session is cached, from the start of its look-up. After its end, other replicas may accept the token for this
time: 10 s are promised. While the store is unavailable, people can file for this time.
"""

FRESH_SECONDS: Final = 4.0
"""A cached session older than this is looked up again in the background when it is used, so that active people never wait for
the store.
"""

IDLE: Final = timedelta(minutes=30)

USE_SAVED_EVERY: Final = timedelta(minutes=1)
"""The last use of a session is saved at most this often, so an idle session may end this much later than `idle`."""

MAX_SESSIONS: Final = 20
"""Sessions of one account. A further one ends the oldest."""

OF_ONE_SESSION: Final = 4
"""Concurrent requests of one session that list or end sessions. They are not counted by account: whoever has stolen a session
could then keep its owner and an operator from ending it.
"""

LOOK_UPS: Final = 128
"""Concurrent session look-ups in the store."""

LOOK_UPS_OF_ONE_NETWORK: Final = 96
"""Of those, the ones for one network: anybody may send tokens that do not exist, and each is looked up."""

_MAX_CACHED: Final = 20_000


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session as its owner sees it in the list."""

    session_id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class _Cached:
    """`at`: the start of the look-up. `session` is None for one that has ended."""

    session: Session | None
    at: float


class Sessions:
    """The end of a session caches None for its token, so that a look-up in progress cannot cache it again."""

    def __init__(
        self,
        store: SessionStore,
        accounts: AccountStore,
        idle: timedelta = IDLE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._idle = idle
        self._clock = clock
        self._cache: TLRUCache[str, _Cached] = TLRUCache(
            _MAX_CACHED, lambda _, cached, __: cached.at + CACHE_SECONDS, timer=clock
        )
        self._look_ups = ConcurrencyLimit("sessions", LOOK_UPS)
        self._networks = KeyedLimit("sessions-of-one-network", LOOK_UPS_OF_ONE_NETWORK, problem_types.BUSY)
        self._own = KeyedLimit("session-lists-of-one-session", OF_ONE_SESSION)
        self._looking: dict[tuple[str, bool], asyncio.Task[Session | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, token: str, address: str, *, is_use: bool = True) -> Session:
        """The session of this token, which came from `address`. Raises the problem `no-session` or `busy`.

        `is_use`: False for what a page repeats by itself, which must not keep the session of an absent person.
        """
        token_hash = hash_of(token)
        cached = self._cache.get(token_hash)
        if cached is None:
            session = await asyncio.shield(self._look_up_once(token_hash, network_of(address), is_use=is_use))
        else:
            session = cached.session
            if session is not None and self._clock() - cached.at > FRESH_SECONDS:
                self._look_up_once(token_hash, network_of(address), is_use=is_use)
        if session is None or session.expires_at <= datetime.now(UTC):
            raise no_session('Bearer error="invalid_token"')
        return session

    def cached(self, token: str) -> Session | None:
        """The session of this token if this replica has it in memory."""
        cached = self._cache.get(hash_of(token))
        return None if cached is None else cached.session

    def _look_up_once(self, token_hash: str, network: str, *, is_use: bool) -> asyncio.Task[Session | None]:
        """The look-up of this token that is in progress, or a new one: who sends many requests at once takes one place."""
        key = token_hash, is_use
        if (looking := self._looking.get(key)) is not None:
            return looking

        def forget(done: asyncio.Task[Session | None]) -> None:
            del self._looking[key]
            # Retrieved, or asyncio logs the problem of a look-up for which nobody waits any more.
            done.cancelled() or done.exception()

        looking = self._looking[key] = asyncio.create_task(self._look_up(token_hash, network, is_use=is_use))
        looking.add_done_callback(forget)
        return looking

    async def _look_up(self, token_hash: str, network: str, *, is_use: bool) -> Session | None:
        started = self._clock()
        with self._networks.acquire(network), self._look_ups:
            # One deadline for both reads: whoever waits for them is answered within it.
            async with store_deadline():
                found = await self._store.find(token_hash)
                if found is None or not await self._is_valid(found):
                    # Only if it is cached: anybody may send tokens that do not exist.
                    if token_hash in self._cache:
                        self._mark_ended([token_hash])
                    return None
        if is_use and datetime.now(UTC) - found.last_used_at >= USE_SAVED_EVERY:
            self._save_later(token_hash)
        cached = self._cache.get(token_hash)
        if cached is not None and cached.session is None:
            return None
        self._cache[token_hash] = _Cached(found.session, started)
        return found.session

    def _mark_ended(self, hashes: Iterable[str]) -> None:
        for each in hashes:
            self._cache[each] = _Cached(None, self._clock())

    async def _is_valid(self, found: StoredSession) -> bool:
        """Whether the session is not idle, and its account has the same password as when it began."""
        account_id = found.session.account_id
        idle = is_idle(found, self._idle, datetime.now(UTC))
        return not idle and await self._accounts.has_password_version(account_id, found.password_version)

    def _save_later(self, token_hash: str) -> None:
        task = asyncio.create_task(self._save_use(token_hash))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _save_use(self, token_hash: str) -> None:
        try:
            await self._store.save_use(token_hash, datetime.now(UTC))
        except StoreUnavailable:
            """No request depends on it. The next look-up tries again."""

    async def ensure_indexes(self) -> None:
        await self._store.ensure_indexes()

    async def start(self, token: str, session: StoredSession) -> None:
        """Begin the session, and end the account's oldest ones beyond `MAX_SESSIONS`."""
        await self._store.add(hash_of(token), session)
        account_id = session.session.account_id
        if oldest := await self._store.hashes_beyond(account_id, MAX_SESSIONS):
            await self._end(account_id, oldest, "too-many")

    async def end(self, token: str, account_id: UUID) -> None:
        """End the session of this token: at once on this replica, within `CACHE_SECONDS` on the others."""
        await self._end(account_id, [hash_of(token)], "signed-out")

    async def own(self, account_id: UUID, token: str) -> list[OwnSession]:
        """The account's sessions that have not ended, the last used first."""
        now = datetime.now(UTC)
        with self._own.acquire(hash_of(token)):
            stored = await self._store.of_account(account_id)
        found = [
            OwnSession(
                session_id_of(token_hash),
                each.created_at,
                each.last_used_at,
                each.session.expires_at,
                current=token_hash == hash_of(token),
            )
            for token_hash, each in stored.items()
            if each.session.expires_at > now and now - each.last_used_at <= self._idle + USE_SAVED_EVERY
        ]
        return sorted(found, key=lambda each: each.last_used_at, reverse=True)

    async def count(self, account_id: UUID) -> int:
        return len(await self._store.of_account(account_id))

    async def end_one(self, account_id: UUID, session_id: UUID, token: str) -> None:
        """End one of the account's sessions, at the request of the session of `token`. Raises the problem `not-found`."""
        with self._own.acquire(hash_of(token)):
            stored = await self._store.of_account(account_id)
        hashes = [each for each in stored if session_id_of(each) == session_id]
        if not hashes:
            raise Problem(problem_types.NOT_FOUND, FieldError("unknown_session", parameter="session_id"))
        await self._end(account_id, hashes, "ended-by-owner")

    async def end_others(self, account_id: UUID, token: str) -> None:
        """End the account's sessions, except that of `token`."""
        kept = hash_of(token)
        with self._own.acquire(kept):
            stored = await self._store.of_account(account_id)
        if others := [each for each in stored if each != kept]:
            await self._end(account_id, others, "ended-by-owner")

    async def end_all(self, account_id: UUID, because: str) -> int:
        """End the account's sessions. Returns their number."""
        if hashes := list(await self._store.of_account(account_id)):
            await self._end(account_id, hashes, because)
        return len(hashes)

    async def _end(self, account_id: UUID, hashes: list[str], because: str) -> None:
        self._mark_ended(hashes)
        await self._store.remove(hashes)
        self._mark_ended(hashes)
        security.report("session-ended", because, account=account_id, sessions=len(hashes))


def is_idle(found: StoredSession, idle: timedelta, now: datetime) -> bool:
    """Whether the session was not used for `idle`; a use may have been saved late."""
    return now - found.last_used_at > idle + USE_SAVED_EVERY


def no_session(challenge: str = "Bearer") -> Problem:
    """`challenge` is the `WWW-Authenticate` header (RFC 6750)."""
    return Problem(problem_types.NO_SESSION, headers={"WWW-Authenticate": challenge})
