"""The calendars of intake's decisions, kept in memory and read again every ten seconds.

A change is in force `IN_FORCE_AFTER` after it was written. So what was read at one time has every change that is in force up to
`KNOWN_AHEAD` later, whichever replica wrote it, and a decision that is repeated uses the same calendar again.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.common.contracts.internal import AddedClosedDays, NewClosedDay
from services.common.domain.errors import StoreUnavailable, Unavailable
from services.common.legal_clock import Calendar, ClosedDay

log = structlog.get_logger()

IN_FORCE_AFTER: Final = timedelta(seconds=60)

KNOWN_AHEAD: Final = timedelta(seconds=50)
"""Shorter than `IN_FORCE_AFTER`: a write may take some seconds, and the clocks of replicas differ a little."""

READ_EVERY: Final = 10.0
"""Seconds between two reads."""

RETRY_EVERY: Final = 1.0
"""Seconds until the next try after a read that failed."""


def now() -> datetime:
    """The time in whole milliseconds, the precision that MongoDB stores."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class CalendarSource:
    """`read` returns all closed days that were ever added."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[ClosedDay]]], clock: Callable[[], datetime] = now) -> None:
        self._read = read
        self._clock = clock
        self._known_until = datetime.min.replace(tzinfo=UTC)
        self._closed_days: Sequence[ClosedDay] = ()
        self._changes: Sequence[datetime] = ()
        self._calendars: dict[int, Calendar] = {}

    def at(self, moment: datetime) -> Calendar:
        """The calendar in force at `moment`. Raises `StoreUnavailable` if it may have changed since the last read."""
        if moment > self._known_until:
            raise StoreUnavailable("the calendar was read too long ago")
        number = bisect_right(self._changes, moment)
        if number not in self._calendars:
            self._calendars[number] = Calendar.at(moment, self._closed_days)
        return self._calendars[number]

    async def load(self) -> None:
        """Read the closed days. Raises `StoreUnavailable`."""
        # Noted before the read: a day that is written meanwhile may be missing.
        started = self._clock()
        closed_days = await self._read()
        if closed_days != self._closed_days:
            self._closed_days, self._calendars = closed_days, {}
            self._changes = sorted(change for each in closed_days for change in each.changes())
        self._known_until = started + KNOWN_AHEAD

    async def run(self) -> None:
        """Read again until cancelled. While the store is unavailable, decisions of the next seconds are still right."""
        pause = READ_EVERY
        while True:
            await asyncio.sleep(pause)
            try:
                await self.load()
            except Unavailable as unavailable:
                log.warning("the calendar was not read", because=str(unavailable))
                pause = RETRY_EVERY
            else:
                pause = READ_EVERY


def plan_additions(new: Sequence[NewClosedDay], known: Sequence[ClosedDay], active_from: datetime) -> AddedClosedDays:
    """What is to be added of `new`: not a day that is closed already. An id that is known was added by an earlier try."""
    ids: dict[UUID, ClosedDay] = {each.id: each for each in known}
    added, existing = list[ClosedDay](), list[ClosedDay]()
    for each in new:
        if each.id in ids:
            added.append(ids[each.id])
        elif (twin := _twin(each, known)) is not None:
            existing.append(twin)
        else:
            added.append(ClosedDay(**each.model_dump(), active_from=active_from))
    return AddedClosedDays(added=tuple(added), existing=tuple(existing))


def _twin(new: NewClosedDay, known: Sequence[ClosedDay]) -> ClosedDay | None:
    """A day that closes the same department, or every one, on the same day."""
    kept = (each for each in known if each.removed_from is None and each.day == new.day)
    return next((each for each in kept if each.department in (None, new.department)), None)
