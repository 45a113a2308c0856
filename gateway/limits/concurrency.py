"""Concurrency limits: a request above the limit is rejected at once, so that no queue grows."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final
from uuid import UUID

from prometheus_client import Counter
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
    def in_progress(self) -> int:
        return self._in_progress

    @property
    def is_full(self) -> bool:
        return self._in_progress >= self._limit

    def rejection(self, kind: ProblemType | None = None) -> Problem:
        """The problem for one rejected request, which the metric counts."""
        return _rejection(self._rejections, kind or self._kind)

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
        self._limit = limit
        self._kind = kind
        self._in_progress: dict[UUID | str, int] = {}
        self._rejections = REJECTED.labels(what)

    def __len__(self) -> int:
        return len(self._in_progress)

    def __contains__(self, key: UUID | str) -> bool:
        """Whether the key has something in progress."""
        return key in self._in_progress

    @contextmanager
    def acquire(self, key: UUID | str) -> Iterator[None]:
        """Counts as one in progress inside `with`. Raises a `Problem` at the key's limit."""
        in_progress = self._in_progress.get(key, 0)
        if in_progress >= self._limit:
            raise _rejection(self._rejections, self._kind)
        self._in_progress[key] = in_progress + 1
        try:
            yield
        finally:
            self._in_progress[key] -= 1
            if not self._in_progress[key]:
                del self._in_progress[key]


def _rejection(counter: Counter, kind: ProblemType) -> Problem:
    """The problem for one rejected request, which the metric counts."""
    counter.inc()
    return Problem(kind, retry_after=random.randint(*RETRY_AFTER))


class AdmissionControl:
    """Rejects overload before authentication and body parsing. `limits` and `floods` are keyed by method and path.

    A flood is what one account sends over its own limit.
    """

    def __init__(
        self,
        limits: Mapping[tuple[str, str], ConcurrencyLimit],
        floods: Mapping[tuple[str, str], Callable[[Scope], Problem | None]],
    ) -> None:
        self._limits = limits
        self._floods = floods

    def __call__(self, scope: Scope) -> Problem | None:
        route = scope["method"], scope["path"]
        flood = self._floods.get(route)
        if flood is not None and (problem := flood(scope)):
            return problem
        limit = self._limits.get(route)
        return limit.rejection() if limit is not None and limit.is_full else None
