"""Saying "not now" before a queue grows."""

from types import TracebackType

from services.common.web import kinds
from services.common.web.problems import Problem


class InFlight:
    """At most `limit` at once inside `with`; the next one is answered `busy` at once instead of waiting."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0

    def __enter__(self) -> None:
        if self._inside >= self._limit:
            raise Problem(kinds.BUSY, retry_after=1)
        self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._inside -= 1
