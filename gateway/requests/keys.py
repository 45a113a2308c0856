"""The idempotency keys that this replica has seen, and what each stands for."""

import time
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple
from uuid import UUID

from services.common.web import kinds
from services.common.web.problems import Problem

KEPT_FOR: Final = 24 * 3600.0
"""Seconds."""

MOST: Final = 50_000


class Use(NamedTuple):
    """What a key stands for, until when, and whether the broker is known to have it."""

    id: bytes
    until: float
    kept: bool


class Keys:
    """In memory and bounded: another replica does not know them, nor this one after a restart."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uses: OrderedDict[bytes, Use] = OrderedDict()

    def using(self, key: bytes, id: UUID) -> "Using":
        """Within this, the key stands for the request or act of this id, and if nothing is raised for a day after it.

        Raises the problem `key-reused` when it stands for another, which may be on its way just now.
        """
        return Using(self, key, id.bytes)

    def kept(self, key: bytes, id: UUID) -> bool:
        """Whether just this was sent here before under this key, and is kept."""
        use = self.of(key)
        return use is not None and use.kept and use.id == id.bytes

    def of(self, key: bytes) -> Use | None:
        use = self._uses.get(key)
        return use if use is not None and use.until > self._clock() else None

    def remember(self, key: bytes, id: bytes, *, kept: bool) -> None:
        self._uses[key] = Use(id, self._clock() + KEPT_FOR, kept)
        self._uses.move_to_end(key)
        if len(self._uses) > MOST:
            self._uses.popitem(last=False)

    def forget(self, key: bytes, id: bytes) -> None:
        """It came to nothing; unless the same was sent a second time, and that is kept."""
        use = self._uses.get(key)
        if use is not None and use.id == id and not use.kept:
            del self._uses[key]


class Using:
    """A class, not a generator: every submit goes through it."""

    __slots__ = ("_id", "_key", "_keys")

    def __init__(self, keys: Keys, key: bytes, id: bytes) -> None:
        self._keys, self._key, self._id = keys, key, id

    def __enter__(self) -> None:
        use = self._keys.of(self._key)
        if use is None:
            self._keys.remember(self._key, self._id, kept=False)
        elif use.id != self._id:
            raise Problem(kinds.KEY_REUSED)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._keys.remember(self._key, self._id, kept=True)
        else:
            self._keys.forget(self._key, self._id)
