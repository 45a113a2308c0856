"""Concurrency limits: a request above the limit is rejected at once, so that no queue grows."""

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
"""Range in seconds; each rejection draws a random value, so that clients do not all retry at the same moment."""


class ConcurrencyLimit:
    """At most `limit` concurrent `with` blocks; the next one raises a `Problem` instead of waiting.

    `what` labels the metric of rejections.
    """

    def __init__(self, what: str, limit: int, kind: ProblemType = problem_types.BUSY) -> None:
        self._limit = limit
        self._kind = kind
        self._in_progress = 0
        self._rejections = REJECTED.labels(what)

    @property
    def is_full(self) -> bool:
        return self._in_progress >= self._limit

    @property
    def is_empty(self) -> bool:
        return not self._in_progress

    def rejection(self) -> Problem:
        """The problem for one rejected request, which the metric counts."""
        self._rejections.inc()
        return Problem(self._kind, retry_after=random.randint(*RETRY_AFTER))

    def __enter__(self) -> None:
        if self.is_full:
            raise self.rejection()
        self._in_progress += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_progress -= 1


class KeyedLimit:
    """A concurrency limit for each account or network, so that one cannot use the whole limit of the process.

    `len()` is the number of keys with something in progress.
    """

    def __init__(self, what: str, limit: int, kind: ProblemType = problem_types.TOO_MANY_AT_ONCE) -> None:
        self._what = what
        self._limit = limit
        self._kind = kind
        self._limits: dict[UUID | str, ConcurrencyLimit] = {}

    def __len__(self) -> int:
        return len(self._limits)

    @contextmanager
    def acquire(self, key: UUID | str) -> Iterator[None]:
        """Counts as one in progress inside `with`. Raises a `Problem` at the key's limit."""
        limit = self._limits.get(key)
        if limit is None:
            limit = self._limits[key] = ConcurrencyLimit(self._what, self._limit, self._kind)
        try:
            with limit:
                yield
        finally:
            if limit.is_empty:
                self._limits.pop(key, None)


class AdmissionControl:
    """Rejects overload before authentication and body parsing. `limits` are keyed by method and path."""

    def __init__(self, limits: Mapping[tuple[str, str], ConcurrencyLimit]) -> None:
        self._limits = limits

    def __call__(self, scope: Scope) -> Problem | None:
        limit = self._limits.get((scope["method"], scope["path"]))
        return limit.rejection() if limit is not None and limit.is_full else None
