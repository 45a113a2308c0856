"""The order of facts in a stream, and the facts of the last two minutes. Pure: no input or output."""

import secrets
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from cachetools import LRUCache

from gateway.requests.view import TimelineFact

KEPT_SECONDS: Final = 120.0
"""How long facts are kept: a stream that was interrupted for less continues without loss."""

KEPT_BYTES: Final = 32 * 1024 * 1024
"""Maximum bytes of the records whose facts are kept. A fact may hold 4 000 characters, and a burst thousands of facts."""

KNOWN_REQUESTS: Final = 50_000
"""Requests whose last `seq` is remembered, which finds records that intake has published twice."""

T = TypeVar("T")


class SeqOrder(Generic[T]):
    """Puts the facts of one request into the order of `seq`: each once, and none before the one that precedes it.

    `last` is the `seq` of the last fact that was taken, or that the client has already.
    """

    def __init__(self, last: int) -> None:
        self.last = last
        self._waiting: dict[int, T] = {}

    def offer(self, seq: int, fact: T) -> None:
        """Add a fact; one that was taken or is waiting is ignored."""
        if seq > self.last:
            self._waiting.setdefault(seq, fact)

    def take(self) -> list[tuple[int, T]]:
        """The facts that follow `last` without a gap."""
        taken: list[tuple[int, T]] = []
        while self.last + 1 in self._waiting:
            self.last += 1
            taken.append((self.last, self._waiting.pop(self.last)))
        return taken

    @property
    def gap(self) -> int | None:
        """The first missing `seq`, if later facts wait for it."""
        return self.last + 1 if self._waiting and self.last + 1 not in self._waiting else None

    def skip_gap(self) -> None:
        """Give up what is missing before the first waiting fact."""
        if self._waiting:
            self.last = min(self._waiting) - 1


class LiveFact(NamedTuple):
    """A fact about a request. `number` counts the facts of this process.

    `follows` is False if the fact before it was never read here.
    """

    number: int
    account_id: UUID
    reference: str
    seq: int
    fact: TimelineFact
    follows: bool
    restricted_to: UUID | None = None
    """The only person of the account who may read it; None if all may."""


class _Kept(NamedTuple):
    at: float
    size: int
    fact: LiveFact


class RecentFacts:
    """Numbers the facts and keeps those of the last two minutes, or fewer if they are large.

    The first number is random, so that numbers do not tell how many facts there were.
    """

    def __init__(self, clock: Callable[[], float], kept_bytes: int = KEPT_BYTES) -> None:
        self._clock = clock
        self._kept_bytes = kept_bytes
        self.number: int = secrets.randbelow(2**40)
        self._forgotten = self.number
        self._kept: deque[_Kept] = deque()
        self._size = 0
        self._by_account: dict[UUID, deque[LiveFact]] = {}
        self._last_seq: LRUCache[str, int] = LRUCache(KNOWN_REQUESTS)

    def add(
        self,
        account_id: UUID,
        reference: str,
        seq: int,
        fact: TimelineFact,
        size: int,
        restricted_to: UUID | None = None,
    ) -> LiveFact | None:
        """Keep a fact whose record has `size` bytes. None for a repeated one."""
        last = self._last_seq.get(reference)
        if last is not None and seq <= last:
            return None
        self._last_seq[reference] = seq
        self.number += 1
        follows = last is None or seq == last + 1
        live = LiveFact(self.number, account_id, reference, seq, fact, follows, restricted_to)
        self._kept.append(_Kept(self._clock(), size, live))
        self._by_account.setdefault(account_id, deque()).append(live)
        self._size += size
        self._forget_old()
        return live

    def since(self, account_id: UUID, number: int) -> list[LiveFact] | None:
        """The account's facts after this number; None if some of them may be forgotten, or the number is unknown."""
        self._forget_old()
        if not self._forgotten <= number <= self.number:
            return None
        return [fact for fact in self._by_account.get(account_id, ()) if fact.number > number]

    def of_request(self, account_id: UUID, reference: str) -> list[LiveFact]:
        self._forget_old()
        return [fact for fact in self._by_account.get(account_id, ()) if fact.reference == reference]

    def forget(self) -> None:
        """Forget everything, because facts were lost: no earlier number can be resumed."""
        while self._kept:
            self._forget_first()
        self._last_seq.clear()
        self.number += 1
        self._forgotten = self.number

    def _forget_old(self) -> None:
        before = self._clock() - KEPT_SECONDS
        while self._kept and (self._kept[0].at < before or self._size > self._kept_bytes):
            self._forget_first()

    def _forget_first(self) -> None:
        _, size, fact = self._kept.popleft()
        self._size -= size
        self._forgotten = fact.number
        own = self._by_account[fact.account_id]
        own.popleft()
        if not own:
            del self._by_account[fact.account_id]
