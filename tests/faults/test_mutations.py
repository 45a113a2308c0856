"""Every mutation of the kernel and of the legal terms is detected by the clause for the harm that it causes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio

from deploy.local.tier import EMBEDDED
from deploy.verification.clauses import departments, lives, records, requests, terms
from deploy.verification.verdicts import Clause, Harm
from tests.faults.aimed import AIMED
from tests.faults.environment import FaultsEnvironment, faults_environment
from tests.faults.failure_report import history_report
from tests.faults.mutations import MUTATIONS
from tests.faults.runner import Run

STILL: Final = 8.0
"""Seconds without a new record after which missing evidence counts as lost: no test here waits for leases or sweeps."""


@dataclass(frozen=True, slots=True)
class Case:
    """A mutation, the mutated process, the schedule for it, and the harm and the clause that must detect it."""

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
    Case("sends not awaited", "intake", "sends", Harm.LOST, lives.every_stored_fact_is_published),
    Case("day of entry counts", "intake", "terms", Harm.OTHER, terms.every_deadline_can_be_counted_again),
    Case("term resumed late", "intake", "terms", Harm.OTHER, terms.every_deadline_can_be_counted_again),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def faults(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultsEnvironment]:
    async with faults_environment(tmp_path_factory.mktemp("faults"), EMBEDDED) as environment:
        yield environment


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES, ids=[case.mutation for case in CASES])
async def test_a_mutation_breaks_the_clause_for_its_harm(case: Case, faults: FaultsEnvironment) -> None:
    async with faults.broken(case.process, case.mutation):
        outcome = await Run(faults, AIMED[case.aim](f"mutation/{case.mutation}"), print, STILL).play()
    print(history_report(outcome.history, outcome.verdicts, outcome.done))
    assert len(outcome.history.acknowledged) == len(outcome.schedule.parts), (
        "not all requests were acknowledged, so the test proves nothing"
    )
    assert case.harm is case.clause.harm
    assert case.clause in {verdict.clause for verdict in outcome.verdicts if not verdict.held}


def test_every_mutation_has_a_case() -> None:
    assert {case.mutation for case in CASES} == set(MUTATIONS)
