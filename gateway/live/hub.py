"""Distributes facts to the open streams of their account."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.live.domain import LiveFact, RecentFacts
from gateway.requests.visible_facts import lifecycle_fact
from services.common.contracts.lifecycle import LifecycleFact

QUEUE: Final = 256
"""Facts that wait for one client. Whoever reads more slowly is disconnected, and continues when it connects again."""


class End(StrEnum):
    """Why a stream ends."""

    GONE = "client-gone"
    SLOW = "client-slow"
    SESSION = "session-ended"
    AGE = "age"
    DRAINING = "draining"


class Client:
    """The queue of one stream. `confirmed_at`: the monotonic time at which its session was last known to be open."""

    def __init__(self, account_id: UUID, actor_id: UUID, token_hash: str, confirmed_at: float) -> None:
        self.account_id = account_id
        self.actor_id = actor_id
        self.token_hash = token_hash
        self.confirmed_at = confirmed_at
        self.ended: End | None = None
        self._queue: deque[LiveFact] = deque()
        self._news = asyncio.Event()

    def may_read(self, fact: LiveFact) -> bool:
        return fact.restricted_to in (None, self.actor_id)

    def put(self, fact: LiveFact) -> None:
        """Queue a fact. A full queue ends the stream."""
        if len(self._queue) >= QUEUE:
            self.end(End.SLOW)
        if self.ended is None:
            self._queue.append(fact)
            self.wake()

    def take(self) -> list[LiveFact]:
        """All queued facts, oldest first."""
        self._news.clear()
        taken = list(self._queue)
        self._queue.clear()
        return taken

    def end(self, because: End) -> None:
        if self.ended is None:
            self.ended = because
            self._queue.clear()
        self.wake()

    def wake(self) -> None:
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for a fact, the end, or another reason to look. False after `seconds` without any."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True


class Hub:
    """`id` names this process in the tokens that resume a stream.

    `is_delayed`: the broker does not answer, so facts arrive later. `losses` counts the times that facts were skipped.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = secrets.token_hex(6)
        self.recent = RecentFacts(clock)
        self.is_delayed = True
        self.losses = 0
        self._clients: dict[UUID, set[Client]] = {}

    @property
    def clients(self) -> list[Client]:
        return [client for clients in self._clients.values() for client in clients]

    @contextmanager
    def subscribed(self, client: Client) -> Iterator[None]:
        """The client gets every fact about its account's requests inside `with`."""
        self._clients.setdefault(client.account_id, set()).add(client)
        try:
            yield
        finally:
            own = self._clients[client.account_id]
            own.discard(client)
            if not own:
                del self._clients[client.account_id]

    def publish(self, event: LifecycleFact, id: str, size: int) -> None:
        """Distribute the fact of a record with this `ce_id` and `size` in bytes."""
        fact = lifecycle_fact(event, id)
        live = self.recent.add(event.account_id, event.reference, event.seq, fact, size, event.restricted_to)
        if live is not None:
            for client in self._clients.get(event.account_id, ()):
                if client.may_read(live):
                    client.put(live)

    def report_delay(self, *, is_delayed: bool) -> None:
        if is_delayed != self.is_delayed:
            self.is_delayed = is_delayed
            self._wake_all()

    def report_loss(self) -> None:
        """Records were skipped: all clients are told to load again what they show."""
        self.losses += 1
        self.recent.forget()
        self._wake_all()

    def _wake_all(self) -> None:
        for client in self.clients:
            client.wake()
