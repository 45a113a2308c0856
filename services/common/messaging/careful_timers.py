"""Firing timers where one of them may have killed the process: as records are taken with care, so are timers.

After an unclean end what is about to fire is noted first. What was noted when the process died fires alone, and is counted
before. What goes on killing is passed over: nothing can be parked for it, so it is tried again on another day.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog

from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.lives import SPARED, Lives, Past
from services.common.messaging.shape import Taken

log = structlog.get_logger()

Timers = Sequence[Taken]
"""All that are due of one document."""


class CarefulTimers:
    """Stands before the firing of timers. Raises what `fire` raises, and `StoreAway`."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self._careful = False
        self._begun = False
        self._suspects: set[str] = set()
        self.aside: set[str] = set()
        """Documents whose timers are passed over."""

    def begin(self, past: Past) -> None:
        """Once in a life, when it is known how the one before ended."""
        if not self._begun:
            self._begun, self._suspects = True, set(past.timers)
            self._careful = past.unclean or bool(past.timers)

    async def before(self, timers: Sequence[Timers], fire: Callable[[Timers], Awaitable[None]]) -> Sequence[Timers]:
        """Fire alone, or pass over, what may kill; the others may fire together."""
        if not self._careful:
            return timers
        for due in timers:
            if _key(due) in self._suspects:
                await self._alone(due, fire)
                ARMED and reach(Failpoint.TIMER_TAKEN_ALONE)
        together = [due for due in timers if _key(due) not in self._suspects]
        await self._lives.note_timers(self._suspects | set(map(_key, together)))
        ARMED and reach(Failpoint.TIMERS_NOTED)
        return together

    async def after(self, *, everything: bool) -> None:
        """What fired together killed nobody. When that was `everything` that was due, care ends."""
        if self._careful and everything:
            await self._lives.note_timers(self.aside)
            self._careful = False

    async def _alone(self, due: Timers, fire: Callable[[Timers], Awaitable[None]]) -> None:
        mark = f"timer {due[0].received.id} {datetime.now(UTC).date()}"
        lives = await self._lives.count(mark)
        ARMED and reach(Failpoint.TIMER_COUNTED)
        if lives > SPARED:
            self.aside.add(_key(due))
            log.critical("a timer kills the process and is passed over until tomorrow", timer=due[0].received.id)
            return
        try:
            await fire(due)
            ARMED and reach(Failpoint.TIMER_FIRED_ALONE)
        finally:
            self._suspects.discard(_key(due))
            await self._lives.forget(mark)


def _key(due: Timers) -> str:
    return due[0].received.target
