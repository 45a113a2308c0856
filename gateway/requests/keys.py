"""The idempotency keys that this replica has seen, and what each stands for."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple
from uuid import UUID

from gateway.recent import Recent
from services.common.web import kinds
from services.common.web.problems import Problem

KEPT_FOR: Final = 24 * 3600.0
"""Seconds."""

MOST: Final = 50_000


class _Use(NamedTuple):
    """What a key stands for and until when, whether the broker is known to have it, and how many are sending it now."""

    id: bytes
    until: float
    kept: bool
    under_way: int


class Keys:
    """In memory and bounded: another replica does not know them, nor this one after a restart."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uses = Recent[bytes, _Use](MOST)

    def using(self, key: bytes, id: UUID) -> "Using":
        """Within this, the key stands for the request or act of this id; and for a day after it, if nothing is raised.

        Raises the problem `key-reused` when it stands for another, which may be on its way just now.
        """
        return Using(self, key, id.bytes)

    def kept(self, key: bytes, id: UUID) -> bool:
        """Whether just this was sent here before under this key, and is kept."""
        use = self._of(key)
        return use is not None and use.kept and use.id == id.bytes

    def begin(self, key: bytes, id: bytes) -> bool:
        """One more is sending `id` under the key; False when it stands for another."""
        use = self._of(key) or _Use(id, 0.0, kept=False, under_way=0)
        if use.id != id:
            return False
        self._remember(key, use._replace(under_way=use.under_way + 1))
        return True

    def end(self, key: bytes, id: bytes, *, kept: bool) -> None:
        """One of those has ended. What came to nothing, and is sent by nobody any more, leaves the key free."""
        use = self._uses.get(key) or _Use(id, 0.0, kept=False, under_way=1)
        if use.id != id:
            # So many others came meanwhile that this one was forgotten.
            return
        use = use._replace(kept=use.kept or kept, under_way=use.under_way - 1)
        if use.kept or use.under_way:
            self._remember(key, use)
        else:
            self._uses.pop(key, None)

    def _of(self, key: bytes) -> _Use | None:
        use = self._uses.get(key)
        return use if use is not None and (use.under_way or use.until > self._clock()) else None

    def _remember(self, key: bytes, use: _Use) -> None:
        self._uses[key] = use._replace(until=self._clock() + KEPT_FOR)


class Using:
    """A class, not a generator: every submit goes through it."""

    __slots__ = ("_id", "_key", "_keys")

    def __init__(self, keys: Keys, key: bytes, id: bytes) -> None:
        self._keys, self._key, self._id = keys, key, id

    def __enter__(self) -> None:
        if not self._keys.begin(self._key, self._id):
            raise Problem(kinds.KEY_REUSED)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._keys.end(self._key, self._id, kept=kind is None)
