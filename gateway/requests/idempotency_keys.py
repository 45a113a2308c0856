"""The idempotency keys that this replica has seen, and what each stands for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple
from uuid import UUID

from cachetools import TTLCache

from services.common.http import problem_types
from services.common.http.problems import Problem

KEPT_FOR: Final = 24 * 3600.0
"""Seconds."""

MOST: Final = 50_000


class _Use(NamedTuple):
    """What a key stands for, whether the broker acknowledged it, and how many are sending it now."""

    id: UUID
    confirmed: bool
    in_progress: int


class IdempotencyKeys:
    """In memory and bounded: another replica does not know them, nor this one after a restart."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._uses: TTLCache[bytes, _Use] = TTLCache(MOST, KEPT_FOR, clock)

    @contextmanager
    def reserve(self, key: bytes, id: UUID) -> Iterator[None]:
        """Within this, the key stands for the request or act of this id; and for a day after it, if nothing is raised.

        Raises the problem `key-reused` when it stands for another one, which may be in progress just now.
        """
        self._begin(key, id)
        confirmed = False
        try:
            yield
            confirmed = True
        finally:
            self._end(key, id, confirmed=confirmed)

    def is_confirmed(self, key: bytes, id: UUID) -> bool:
        """Whether just this was sent here before under this key, and acknowledged by the broker."""
        use = self._uses.get(key)
        return use is not None and use.confirmed and use.id == id

    def _begin(self, key: bytes, id: UUID) -> None:
        use = self._uses.get(key) or _Use(id, confirmed=False, in_progress=0)
        if use.id != id:
            raise Problem(problem_types.KEY_REUSED)
        self._uses[key] = use._replace(in_progress=use.in_progress + 1)

    def _end(self, key: bytes, id: UUID, *, confirmed: bool) -> None:
        use = self._uses.get(key) or _Use(id, confirmed=False, in_progress=1)
        if use.id != id:
            # So many other keys came meanwhile that this one was forgotten, and then used for something else.
            return
        use = use._replace(confirmed=use.confirmed or confirmed, in_progress=use.in_progress - 1)
        if use.confirmed or use.in_progress:
            self._uses[key] = use
        else:
            self._uses.pop(key, None)
