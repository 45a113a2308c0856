"""Ten SIGKILLs of every process while five hundred people file: nothing is lost, doubled, reordered or left.

All six die in the same run, often together. Each process has a test of its own: it was killed ten times, and the harm
that it could have done is not there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from deploy.demo import checks
from deploy.demo.acts import acts_judged_once
from deploy.demo.facts import Check, Facts
from deploy.local import LocalStack
from deploy.local.table import PROCESSES
from tests.e2e.crowd import crowd, mails_once, moments

REQUESTS = 500
KILLS = 10

PROMISES: dict[str, tuple[Callable[[Facts], Check], ...]] = {
    "documents": (checks.attachments_whole,),
    "intake": (checks.registered_once, acts_judged_once, checks.nothing_aside),
    "routing": (checks.each_its_own, acts_judged_once),
    "notifications": (mails_once,),
    "gateway": (checks.registered_once, checks.answered_and_visible),
    "gateway-worker": (checks.answered_and_visible,),
}


class Killer:
    """Kills one process before certain requests, each time once it is up again."""

    def __init__(self, house: LocalStack, name: str) -> None:
        self._house = house
        self._name = name
        self._before = set(moments(f"kill {name}", KILLS, REQUESTS))
        self._one_at_a_time = asyncio.Lock()
        self._restarting: asyncio.Task[None] | None = None
        self.kills = 0

    async def before(self, number: int) -> None:
        """Kill, if it is time. The other people go on meanwhile."""
        if number not in self._before:
            return
        async with self._one_at_a_time:
            await self.up_again()
            await self._house.kill(self._name)
            self.kills += 1
            self._restarting = asyncio.create_task(self._house.restart(self._name))

    async def up_again(self) -> None:
        if self._restarting is not None:
            await self._restarting


@dataclass(frozen=True, slots=True)
class Aftermath:
    kills: dict[str, int]
    facts: Facts


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def aftermath(house: LocalStack) -> AsyncIterator[Aftermath]:
    """What is left once everybody has filed, everything is up again, and all has come to rest."""
    killers = {name: Killer(house, name) for name in PROCESSES}

    async def kill(number: int) -> None:
        await asyncio.gather(*(killer.before(number) for killer in killers.values()))

    async with crowd(house) as people:
        await people.file(REQUESTS, before=kill)
        await asyncio.gather(*(killer.up_again() for killer in killers.values()))
        facts = await people.at_rest(within=120)
        yield Aftermath({name: killer.kills for name, killer in killers.items()}, facts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PROCESSES)
async def test_ten_kills_of_a_process_lose_and_double_nothing(name: str, aftermath: Aftermath) -> None:
    assert aftermath.kills[name] == KILLS
    assert len(aftermath.facts.cases) == REQUESTS
    for promise in PROMISES[name]:
        assert promise(aftermath.facts).harms == ()


def test_every_check_of_the_demonstration_is_some_process_promise() -> None:
    promised = {promise for promises in PROMISES.values() for promise in promises}
    # A crash may repeat a mail under its own Message-ID: `mails_once` is a little wider than `notified_once`.
    assert promised - {mails_once} == set(checks.CHECKS) - {checks.notified_once}
