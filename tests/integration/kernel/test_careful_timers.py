"""A timer that kills is passed over for the rest of its day, and tried again with the same care on the next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest_asyncio

from deploy.local import LocalStack
from services.common.messaging.careful_timers import CarefulTimers
from services.common.messaging.lives import Lives
from services.common.messaging.position import Position
from services.common.messaging.record import Received
from services.common.messaging.shape import Taken
from services.common.store import connect, database, disconnect

MONDAY: Final = date(2026, 3, 2)
TUESDAY: Final = MONDAY + timedelta(days=1)


class Member:
    """One member through many lives. The timer of the document `deadly` kills, until it is `mended`."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self._dead: list[asyncio.Task[None]] = []
        self._killed = asyncio.Event()
        self.today = MONDAY
        self.mended = False
        self.fired: list[str] = []

    async def deaths(self) -> int:
        """Start again and again until a round ends; how many did not."""
        died = 0
        while True:
            self._care = CarefulTimers(self._lives, lambda: self.today)
            self._care.begin(await self._lives.begin())
            if await self.round_ends():
                return died
            died += 1

    async def round_ends(self) -> bool:
        """What the sweeper does of one round; whether the process outlived it."""
        self._killed.clear()
        ends, dies = asyncio.create_task(self._round()), asyncio.create_task(self._killed.wait())
        await asyncio.wait((ends, dies), return_when=asyncio.FIRST_COMPLETED)
        dies.cancel()
        if ends.done():
            await ends
            return True
        # A process that is killed runs no `finally`: its round is left where it stands.
        self._dead.append(ends)
        return False

    async def bury(self) -> None:
        for left in self._dead:
            left.cancel()
        await asyncio.gather(*self._dead, return_exceptions=True)

    async def _round(self) -> None:
        timers = [_timer(name) for name in ("deadly", "sound") if name not in self._care.aside]
        for due in await self._care.before(timers, self._fire):
            await self._fire(due)
        await self._care.after(everything=True)

    async def _fire(self, due: Sequence[Taken]) -> None:
        name = due[0].received.target
        if name == "deadly" and not self.mended:
            self._killed.set()
            await asyncio.Event().wait()
        self.fired.append(name)


def _timer(name: str) -> Sequence[Taken]:
    event: Any = None
    received = Received(
        event, f"close {name}", b"", "timers", name, name, 0, datetime.now(UTC), Position("timers", 0, 0), name
    )
    return [Taken(received, None)]


@pytest_asyncio.fixture
async def member(engines: LocalStack) -> AsyncIterator[Member]:
    client = connect(engines.env["MONGO_URL"])
    own = database(client, f"careful_{uuid4().hex[:8]}")
    made = Member(Lives(own["lives"], "group", "one"))
    try:
        yield made
        await made.bury()
        await client.drop_database(own.name)
    finally:
        await disconnect(client)


async def test_a_timer_that_was_passed_over_fires_on_the_next_day_without_a_new_start(member: Member) -> None:
    await member.deaths()
    member.mended = True
    assert await member.round_ends()
    assert "deadly" not in member.fired, "the day is not over"
    member.today = TUESDAY
    assert await member.round_ends()
    assert member.fired[-2:] == ["deadly", "sound"], "alone, and before the others"


async def test_a_timer_that_still_kills_on_the_next_day_is_passed_over_again(member: Member) -> None:
    await member.deaths()
    member.today = TUESDAY
    assert not await member.round_ends()
    assert await member.deaths() == 1, "it was taken alone at once"
    assert await member.round_ends()
    assert set(member.fired) == {"sound"}
