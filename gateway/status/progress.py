"""How far a consumer group is behind, in time. Pure: no input or output.

A count of records says little: a hundred of them may be a second or an hour of work. So the ends of the log are noted with their
times. Once the group has committed what was an end, it has processed all that was appended until then.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

Offsets = Mapping[tuple[str, int], int]
"""Offsets by topic and partition."""

MOST_NOTED: Final = 512
"""Ends that are kept. Beyond it every other one is dropped, so a long standstill is measured more coarsely, and still to its start."""

UNKNOWN_FOR: Final = timedelta(seconds=30)
"""A group that has not processed the first end that was noted may be behind by any time. After this time that is a delay."""


class Progress:
    """The progress of one group, from measurements in the order of their times."""

    def __init__(self) -> None:
        self._noted: deque[tuple[datetime, Offsets]] = deque()
        self._processed_until: datetime | None = None
        # Of so many measurements one is kept beside the newest.
        self._every = 1
        self._measurements = 0

    def note(self, now: datetime, ends: Offsets, committed: Offsets) -> None:
        """The ends of the group's topics at `now`, and what the group had committed then."""
        self._append(now, ends)
        while self._noted and _is_processed(self._noted[0][1], committed):
            self._processed_until = self._noted.popleft()[0]
        if not self._noted:
            self._every = 1

    def _append(self, now: datetime, ends: Offsets) -> None:
        self._measurements += 1
        if len(self._noted) > 1 and self._measurements % self._every:
            self._noted.pop()
        self._noted.append((now, dict(ends)))
        if len(self._noted) > MOST_NOTED:
            self._noted = deque(list(self._noted)[::2])
            self._every *= 2

    def behind(self, now: datetime) -> timedelta | None:
        """The group may lack records as old as this, and none that are older. None if that is not known yet."""
        if not self._noted:
            return None if self._processed_until is None else timedelta(0)
        if self._processed_until is not None:
            return now - self._processed_until
        waits = now - self._noted[0][0]
        return waits if waits > UNKNOWN_FOR else None


def _is_processed(ends: Offsets, committed: Offsets) -> bool:
    """An empty partition has nothing to commit."""
    return all(committed.get(partition, 0) >= end for partition, end in ends.items())
