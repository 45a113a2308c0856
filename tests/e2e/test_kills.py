"""Ten SIGKILLs of every process while five hundred people file: nothing is lost, doubled, reordered or left.

All six die in the same run, often together. Each process has a test of its own: it was killed ten times, and the harm
that it could have done is not there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from deploy.local.table import PROCESSES
from deploy.verification.clauses import (
    CLAUSES,
    acts,
    departments,
    files,
    lives,
    notices,
    order,
    records,
    requests,
    views,
)
from deploy.verification.verdicts import Clause, Verdict
from tests.e2e.crowd import crowd, moments

REQUESTS = 500
KILLS = 10

PROMISES: Mapping[str, Sequence[Clause]] = {
    "documents": files.CLAUSES,
    "intake": (*requests.CLAUSES, *lives.CLAUSES, *acts.CLAUSES, *records.CLAUSES),
    "routing": (*departments.CLAUSES, *acts.CLAUSES, *order.CLAUSES),
    "notifications": notices.CLAUSES,
    "gateway": (*requests.CLAUSES, *views.CLAUSES),
    "gateway-worker": views.CLAUSES,
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
    acknowledged: int
    verdicts: Sequence[Verdict]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def aftermath(house: LocalStack) -> AsyncIterator[Aftermath]:
    """What is left once everybody has filed, everything is up again, and all has come to rest."""
    killers = {name: Killer(house, name) for name in PROCESSES}

    async def kill(number: int) -> None:
        await asyncio.gather(*(killer.before(number) for killer in killers.values()))

    async with crowd(house) as people:
        await people.file(REQUESTS, before=kill)
        await asyncio.gather(*(killer.up_again() for killer in killers.values()))
        history, verdicts = await people.at_rest(within=150)
        kills = {name: killer.kills for name, killer in killers.items()}
        yield Aftermath(kills, len(history.acknowledged), verdicts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PROCESSES)
async def test_ten_kills_of_a_process_lose_and_double_nothing(name: str, aftermath: Aftermath) -> None:
    assert aftermath.kills[name] == KILLS
    assert aftermath.acknowledged == REQUESTS
    promised = set(PROMISES[name])
    broken = [verdict for verdict in aftermath.verdicts if verdict.clause in promised]
    assert [violation.what for verdict in broken for violation in verdict.violations] == []


def test_every_clause_is_some_process_promise() -> None:
    assert {clause for promises in PROMISES.values() for clause in promises} == set(CLAUSES)
