"""Places for concurrent sign-ins: no account and no network can take all of them.

Verifying a password takes about 20 ms of a processor. Strangers who guess at one account wait for each other, in order; the
owners of other accounts, and the owner in a network of theirs, do not wait for them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from weakref import WeakValueDictionary

from gateway.accounts.guesses import Attempt
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from services.common.http import problem_types

SIGN_INS: Final = 256
"""Concurrent sign-ins, waiting ones included: at most a few seconds of work."""

STRANGERS: Final = 192
"""Concurrent sign-ins from networks that are new to their account."""

AT_ONE_ACCOUNT: Final = 128
"""Of those, the ones at one account."""

OF_ONE_NETWORK: Final = 32


class SignInPlaces:
    def __init__(self) -> None:
        self.limit: Final = ConcurrencyLimit("sign-ins", SIGN_INS)
        self._networks = KeyedLimit("sign-ins-of-one-network", OF_ONE_NETWORK, problem_types.BUSY)
        self._strangers = ConcurrencyLimit("sign-ins-of-strangers", STRANGERS)
        self._accounts = KeyedLimit("sign-ins-at-one-account", AT_ONE_ACCOUNT, problem_types.BUSY)
        self._turns: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()

    @contextmanager
    def enter(self, network: str) -> Iterator[None]:
        """A place for the whole sign-in. Raises the problem `busy`."""
        with self._networks.acquire(network), self.limit:
            yield

    @contextmanager
    def queue(self, attempt: Attempt) -> Iterator[None]:
        """A place in the queue of strangers at the account. Raises the problem `busy` instead of a long wait.

        Take it before the attempt is counted: otherwise an owner who is told `busy` would use up guesses without one.
        """
        if attempt.known:
            yield
            return
        with self._accounts.acquire(attempt.account_id), self._strangers:
            yield

    @asynccontextmanager
    async def turn(self, attempt: Attempt) -> AsyncIterator[None]:
        """The right to verify a password now. Strangers at one account get it one after another."""
        if attempt.known:
            yield
            return
        async with self._turns.setdefault(attempt.account_id, asyncio.Lock()):
            yield
