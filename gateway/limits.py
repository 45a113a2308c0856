"""Limits on concurrency: a request above one is refused at once, before a queue grows."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final
from uuid import UUID

from starlette.types import Scope

from services.common.http import problem_types
from services.common.http.problem_types import ProblemType
from services.common.http.problems import Problem
from services.common.telemetry.metrics import REJECTED

RETRY_AFTER: Final = (1, 3)
"""Seconds, drawn for each refusal: refused clients must not all come back at the same moment."""


class ConcurrencyLimit:
    """At most `limit` at once inside `with`; the next one raises a `Problem` instead of waiting."""

    def __init__(self, what: str, limit: int, kind: ProblemType = problem_types.BUSY) -> None:
        self._limit = limit
        self._kind = kind
        self._inside = 0
        self._refused = REJECTED.labels(what)

    @property
    def is_full(self) -> bool:
        return self._inside >= self._limit

    @property
    def is_empty(self) -> bool:
        return not self._inside

    def refusal(self) -> Problem:
        self._refused.inc()
        return Problem(self._kind, retry_after=random.randint(*RETRY_AFTER))

    def __enter__(self) -> None:
        if self.is_full:
            raise self.refusal()
        self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._inside -= 1


class PerAccountLimit:
    """At most `limit` at once for each account, so that one account cannot take everybody's places.

    `len()` is the number of accounts with anything in progress.
    """

    def __init__(self, what: str, limit: int) -> None:
        self._what = what
        self._limit = limit
        self._limits: dict[UUID, ConcurrencyLimit] = {}

    def __len__(self) -> int:
        return len(self._limits)

    @contextmanager
    def of(self, account_id: UUID) -> Iterator[None]:
        """One of the account's places. Raises the problem `too-many-at-once` when it has none left."""
        own = self._limits.setdefault(
            account_id, ConcurrencyLimit(self._what, self._limit, problem_types.TOO_MANY_AT_ONCE)
        )
        try:
            with own:
                yield
        finally:
            if own.is_empty:
                del self._limits[account_id]


class AdmissionControl:
    """Rejects overload before authentication and body parsing. `limits` by method and path."""

    def __init__(self, limits: Mapping[tuple[str, str], ConcurrencyLimit]) -> None:
        self._limits = limits

    def __call__(self, scope: Scope) -> Problem | None:
        limit = self._limits.get((scope["method"], scope["path"]))
        return limit.refusal() if limit is not None and limit.is_full else None
