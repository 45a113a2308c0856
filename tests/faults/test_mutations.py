"""A kernel that breaks one of its promises is found out, by the verdict on the harm that it does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio

from deploy.local.tier import EMBEDDED
from deploy.verification.clauses import departments, lives, records, requests
from deploy.verification.verdicts import Clause, Harm
from tests.faults.aimed import AIMED
from tests.faults.mutations import MUTATIONS
from tests.faults.runner import Run
from tests.faults.telling import told
from tests.faults.town import Town, town

STILL: Final = 8.0
"""Seconds without any movement after which what has not come will not: nothing here waits for a lease or the sweeper."""


@dataclass(frozen=True, slots=True)
class Case:
    """A mutation, the process that is broken, the schedule aimed at it, and the harm and clause that must find it."""

    mutation: str
    process: str
    aim: str
    harm: Harm
    clause: Clause


CASES: Final = (
    Case("commit before save", "intake", "commit", Harm.LOST, requests.every_acknowledged_request_is_registered),
    Case("no inbox check", "intake", "inbox", Harm.DOUBLED, records.an_id_is_one_event),
    Case("publish before save", "intake", "save", Harm.DOUBLED, records.an_id_is_one_event),
    Case("outbox replaced", "routing", "outbox", Harm.LOST, departments.every_command_is_answered),
    Case("sends not awaited", "intake", "sends", Harm.LOST, lives.every_fact_in_the_book_is_said),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("faults"), EMBEDDED) as made:
        yield made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES, ids=[case.mutation for case in CASES])
async def test_a_broken_kernel_is_convicted_of_its_harm(case: Case, place: Town) -> None:
    async with place.broken(case.process, case.mutation):
        outcome = await Run(place, AIMED[case.aim](f"mutation/{case.mutation}"), print, STILL).play()
    print(told(outcome.history, outcome.verdicts, outcome.done))
    assert len(outcome.history.acknowledged) == len(outcome.schedule.parts), "people were not served: nothing is proved"
    assert case.harm is case.clause.harm
    assert case.clause in {verdict.clause for verdict in outcome.verdicts if not verdict.held}


def test_every_mutation_has_its_schedule() -> None:
    assert {case.mutation for case in CASES} == set(MUTATIONS)
