"""The idempotency keys this replica has seen, and the request or act of each."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple
from uuid import UUID

from cachetools import TTLCache

from services.common.http import problem_types
from services.common.http.problems import Problem

RETENTION_SECONDS: Final = 24 * 3600.0
MAX_KEYS: Final = 50_000


class _Use(NamedTuple):
    """The id a key is used for, whether the broker acknowledged it, and the number of sends in progress."""

    id: UUID
    confirmed: bool
    in_progress: int


class IdempotencyKeys:
    """In memory and bounded: other replicas do not know the keys, and a restart forgets them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._uses: TTLCache[bytes, _Use] = TTLCache(MAX_KEYS, RETENTION_SECONDS, clock)

    @contextmanager
    def reserve(self, key: bytes, id: UUID) -> Iterator[None]:
        """Reserves the key for this request or act inside `with`, and for a day after it if nothing is raised.

        Raises the problem `key-reused` when the key is reserved for another id, completed or in progress.
        """
        self._start(key, id)
        confirmed = False
        try:
            yield
            confirmed = True
        finally:
            self._end(key, id, confirmed=confirmed)

    def is_confirmed(self, key: bytes, id: UUID) -> bool:
        """Whether this replica already published this id under this key and the broker acknowledged it."""
        use = self._uses.get(key)
        return use is not None and use.confirmed and use.id == id

    def is_used(self, key: bytes) -> bool:
        """Whether this replica published something under this key, or is publishing it."""
        return key in self._uses

    def _start(self, key: bytes, id: UUID) -> None:
        use = self._uses.get(key) or _Use(id, confirmed=False, in_progress=0)
        if use.id != id:
            raise Problem(problem_types.KEY_REUSED)
        self._uses[key] = use._replace(in_progress=use.in_progress + 1)

    def _end(self, key: bytes, id: UUID, *, confirmed: bool) -> None:
        use = self._uses.get(key) or _Use(id, confirmed=False, in_progress=1)
        if use.id != id:
            # The full cache evicted this key while it was in progress, and another id reserved it since.
            return
        use = use._replace(confirmed=use.confirmed or confirmed, in_progress=use.in_progress - 1)
        if use.confirmed or use.in_progress:
            self._uses[key] = use
        else:
            self._uses.pop(key, None)
