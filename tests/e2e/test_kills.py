"""Ten SIGKILLs of every process while five hundred requests are filed: nothing is lost, doubled or reordered.

All six processes are killed in the same run, often at the same time. Each process has a test of its own for the harm
that its death could cause.
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
    cases,
    departments,
    files,
    lives,
    notices,
    order,
    records,
    requests,
    special,
    terms,
    views,
)
from deploy.verification.verdicts import Clause, Verdict
from tests.e2e.crowd import crowd, moments

REQUESTS = 500
KILLS = 10

PROMISES: Mapping[str, Sequence[Clause]] = {
    "documents": files.CLAUSES,
    "intake": (*requests.CLAUSES, *lives.CLAUSES, *terms.CLAUSES, *acts.CLAUSES, *records.CLAUSES),
    "routing": (*departments.CLAUSES, *cases.CLAUSES, *acts.CLAUSES, *order.CLAUSES, *special.CLAUSES),
    "notifications": notices.CLAUSES,
    "gateway": (*requests.CLAUSES, *views.CLAUSES, *special.CLAUSES),
    "gateway-worker": views.CLAUSES,
}


class Killer:
    """Kills one process before certain requests. It waits for the restart before the next kill."""

    def __init__(self, system: LocalStack, name: str) -> None:
        self._stack = system
        self._name = name
        self._before = set(moments(f"kill {name}", KILLS, REQUESTS))
        self._lock = asyncio.Lock()
        self._restarting: asyncio.Task[None] | None = None
        self.kills = 0

    async def before(self, number: int) -> None:
        """Kill the process before this request if planned. Other clients continue meanwhile."""
        if number not in self._before:
            return
        async with self._lock:
            await self.up_again()
            await self._stack.kill(self._name)
            self.kills += 1
            self._restarting = asyncio.create_task(self._stack.restart(self._name))

    async def up_again(self) -> None:
        if self._restarting is not None:
            await self._restarting


@dataclass(frozen=True, slots=True)
class Aftermath:
    kills: dict[str, int]
    acknowledged: int
    verdicts: Sequence[Verdict]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def aftermath(system: LocalStack) -> AsyncIterator[Aftermath]:
    """The state after all requests were filed, all processes were restarted, and the system is at rest."""
    killers = {name: Killer(system, name) for name in PROCESSES}

    async def kill(number: int) -> None:
        await asyncio.gather(*(killer.before(number) for killer in killers.values()))

    async with crowd(system) as people:
        await people.file(REQUESTS, before=kill)
        await asyncio.gather(*(killer.up_again() for killer in killers.values()))
        history, verdicts = await people.at_rest(within=150)
        kills = {name: killer.kills for name, killer in killers.items()}
        yield Aftermath(kills, len(history.acknowledged), verdicts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PROCESSES)
async def test_ten_kills_of_a_process_break_no_clause(name: str, aftermath: Aftermath) -> None:
    assert aftermath.kills[name] == KILLS
    assert aftermath.acknowledged == REQUESTS
    promised = set(PROMISES[name])
    broken = [verdict for verdict in aftermath.verdicts if verdict.clause in promised]
    assert [violation.what for verdict in broken for violation in verdict.violations] == []


def test_every_clause_is_assigned_to_a_process() -> None:
    assert {clause for promises in PROMISES.values() for clause in promises} == set(CLAUSES)
