"""A seed determines a schedule, and every fault that a schedule may contain can be injected."""

from itertools import chain

import pytest

from deploy.local.table import TIERS
from deploy.local.tier import EMBEDDED, REAL, Tier
from services.common.messaging.failpoints import Failpoint
from tests.faults.aimed import AIMED, EVERY, chosen
from tests.faults.environment import PROXIES
from tests.faults.injection import INJECTIONS
from tests.faults.schedule import DEPARTMENTS, KINDS, MEMBERS, WRITES, Kind, draw
from tests.faults.workload import ACTS

TIERS_RUN: tuple[Tier, ...] = (EMBEDDED, REAL)


@pytest.mark.parametrize("tier", TIERS_RUN)
def test_the_same_seed_gives_the_same_schedule_and_another_seed_another(tier: Tier) -> None:
    assert [draw(7, number, tier) for number in range(5)] == [draw(7, number, tier) for number in range(5)]
    assert draw(7, 1, tier) != draw(8, 1, tier)
    assert draw(7, 1, tier) != draw(7, 2, tier)


def test_all_requests_of_a_run_have_different_texts() -> None:
    parts = chain.from_iterable(chosen(1, number, EMBEDDED).parts for number in range(1, 9))
    words = [part.row.description for part in parts]
    assert len(set(words)) == len(words)


def test_every_kind_of_fault_is_drawn() -> None:
    drawn = {step.fault for number in range(400) for step in draw(1, number, REAL).steps}
    assert drawn == {kind.fault for kind in KINDS}


def test_every_kind_of_act_is_drawn() -> None:
    wishes = {wish.kind for number in range(20) for part in draw(1, number, REAL).parts for wish in part.then}
    assert wishes == set(ACTS)


def test_every_aimed_schedule_is_chosen() -> None:
    names = {tuple(chosen(1, EVERY * turn, REAL).steps) for turn in range(1, len(AIMED) + 1)}
    assert len(names) == len(AIMED)


@pytest.mark.parametrize("kind", KINDS, ids=[f"{kind.fault} {kind.on[0]}" for kind in KINDS])
def test_every_fault_can_be_injected_into_all_its_targets(kind: Kind) -> None:
    assert kind.fault in INJECTIONS
    if kind.fault in ("kill", "stop", "restart"):
        for tier in kind.tiers:
            assert set(kind.on) <= {*MEMBERS, DEPARTMENTS, *TIERS[tier]}
    if kind.fault in ("cut", "slow", "deafen", "refuse"):
        assert {on.removesuffix(WRITES) for on in kind.on} <= {*PROXIES, "store"}
    steps = [step for how in kind.how for step in how.split() if "@" in step]
    assert {step.partition("@")[0] for step in steps} <= set(Failpoint)
