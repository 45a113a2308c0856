"""Saying "not now" before a queue grows."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final
from uuid import UUID

from starlette.types import Scope

from services.common.telemetry.metrics import TURNED_AWAY
from services.common.web import kinds
from services.common.web.kinds import Kind
from services.common.web.problems import Problem

COME_BACK: Final = (1, 3)
"""Seconds, drawn for each who is sent away: all of them must not come back at the same moment."""


class InFlight:
    """At most `limit` at once inside `with`; the next one is refused at once instead of waiting."""

    def __init__(self, what: str, limit: int, kind: Kind = kinds.BUSY) -> None:
        self._limit = limit
        self._kind = kind
        self._inside = 0
        self._turned_away = TURNED_AWAY.labels(what)

    @property
    def is_full(self) -> bool:
        return self._inside >= self._limit

    @property
    def is_empty(self) -> bool:
        return not self._inside

    def refusal(self) -> Problem:
        self._turned_away.inc()
        return Problem(self._kind, retry_after=random.randint(*COME_BACK))

    def __enter__(self) -> None:
        if self.is_full:
            raise self.refusal()
        self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._inside -= 1


class Shares:
    """At most `share` at once for each account, so that nobody takes all the places that are there for everybody.

    `len()` is how many accounts have anything under way.
    """

    def __init__(self, what: str, share: int) -> None:
        self._what = what
        self._share = share
        self._of: dict[UUID, InFlight] = {}

    def __len__(self) -> int:
        return len(self._of)

    @contextmanager
    def of(self, account_id: UUID) -> Iterator[None]:
        """One of the account's places; the next one is refused at once when it has none left."""
        mine = self._of.setdefault(account_id, InFlight(self._what, self._share, kinds.TOO_MANY_AT_ONCE))
        try:
            with mine:
                yield
        finally:
            if mine.is_empty:
                del self._of[account_id]


class Doors:
    """Who would only be told "not now" later, when more has been done for them, is told so at the door.

    `behind` names what stands behind a method and an address.
    """

    def __init__(self, behind: Mapping[tuple[str, str], InFlight]) -> None:
        self._behind = behind

    def __call__(self, scope: Scope) -> Problem | None:
        in_flight = self._behind.get((scope["method"], scope["path"]))
        return in_flight.refusal() if in_flight is not None and in_flight.is_full else None
