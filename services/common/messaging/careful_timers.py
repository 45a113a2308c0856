"""Firing timers where one of them may have killed the process: as records are taken with care, so are timers.

After an unclean end what is about to fire is noted first. What was noted when the process died fires alone, and is counted
before. What goes on killing is passed over: nothing can be parked for it, so on another day (UTC) it is tried again.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime

import structlog

from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.lives import SPARED, Lives, Past
from services.common.messaging.shape import Taken

log = structlog.get_logger()

Timers = Sequence[Taken]
"""All that are due of one document."""


def _today() -> date:
    return datetime.now(UTC).date()


class CarefulTimers:
    """Stands before the firing of timers. Raises what `fire` raises, and `StoreAway`."""

    def __init__(self, lives: Lives, today: Callable[[], date] = _today) -> None:
        self._lives = lives
        self._today = today
        self._careful = False
        self._begun = False
        self._suspects: set[str] = set()
        self._passed_over: dict[str, date] = {}

    @property
    def aside(self) -> set[str]:
        """Documents whose timers are passed over today."""
        today = self._today()
        return {document for document, day in self._passed_over.items() if day == today}

    def begin(self, past: Past) -> None:
        """Once in a life, when it is known how the one before ended."""
        if not self._begun:
            self._begun, self._suspects = True, set(past.timers)
            self._careful = past.unclean or bool(past.timers)

    async def before(self, timers: Sequence[Timers], fire: Callable[[Timers], Awaitable[None]]) -> Sequence[Timers]:
        """Fire alone, or pass over, what may kill; the others may fire together."""
        # Whoever was passed over on another day is due again, long after care had ended.
        self._careful = self._careful or any(_key(due) in self._suspects for due in timers)
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
            await self._lives.note_timers(self._passed_over)
            self._careful = False

    async def _alone(self, due: Timers, fire: Callable[[Timers], Awaitable[None]]) -> None:
        today = self._today()
        mark = f"timer {due[0].received.id} {today}"
        lives = await self._lives.count(mark)
        ARMED and reach(Failpoint.TIMER_COUNTED)
        if lives > SPARED:
            self._passed_over[_key(due)] = today
            log.critical("a timer kills the process and is passed over until tomorrow", timer=due[0].received.id)
            return
        try:
            await fire(due)
            ARMED and reach(Failpoint.TIMER_FIRED_ALONE)
        finally:
            self._suspects.discard(_key(due))
            self._passed_over.pop(_key(due), None)
            await self._lives.forget(mark)


def _key(due: Timers) -> str:
    return due[0].received.target
