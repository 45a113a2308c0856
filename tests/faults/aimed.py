"""Schedules that each target one step of the kernel, or the legal terms: without that step, they cause harm.

On a correct kernel every clause holds. They run among the random schedules; `test_mutations.py` runs them on mutated
processes.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deploy.demo.data import independent_requests
from deploy.local.tier import Tier
from deploy.verification.evidence import MESSAGE
from services.common.contracts import topics
from services.common.messaging.failpoints import Failpoint
from tests.faults.schedule import DEPARTMENTS, STORES, WRITES, Schedule, Step, draw
from tests.faults.workload import PlannedAct, PlannedRequest

UP_AGAIN: Final = 4.0
"""Seconds after which a process that is killed at the start consumes again, even on a busy machine."""


def _filed(
    name: str,
    count: int,
    at: float,
    *,
    every: float = 0.05,
    then: tuple[PlannedAct, ...] = (),
    reasons: frozenset[str] = frozenset(),
) -> Sequence[PlannedRequest]:
    """`count` requests without files: the first `at` seconds after the start, then one each `every` seconds.

    `reasons`: those of the requests; all without any.
    """
    rows = [row for row in independent_requests() if not row.documents and (not reasons or row.reason in reasons)]
    chance = random.Random(name)
    parts = []
    for number in range(count):
        row = chance.choice(rows)
        unique = row.model_copy(update={"description": f"{row.description} (n.º {number}, {name})"})
        parts.append(PlannedRequest(number, round(at + number * every, 2), unique, then=then))
    return parts


def _commit(name: str) -> Schedule:
    """Kill intake with an unsaved batch: a kernel that commits before it saves never reads the batch again."""
    steps = [Step(0, "die", "intake", how=f"{Failpoint.LOADED}@1")]
    return Schedule(name, _filed(name, 12, UP_AGAIN), steps)


def _inbox(name: str) -> Schedule:
    """Deliver routing's events a second time: a kernel without an inbox processes them twice."""
    steps = [Step(6, "say again", topics.ASSIGNMENTS, how="in order")]
    return Schedule(name, _filed(name, 12, 0.5), steps)


def _save(name: str) -> Schedule:
    """Intake can read its store but not write, while people send messages and departments answer.

    A kernel that publishes before it saves publishes a fact for a message and one for an answer, both from the same
    stored state, so both get the same number.
    """
    steps = [
        Step(0, "stop", DEPARTMENTS, seconds=UP_AGAIN + 4),
        Step(UP_AGAIN + 2, "refuse", f"{STORES['intake']}{WRITES}", seconds=5),
    ]
    return Schedule(name, _filed(name, 12, UP_AGAIN, then=(PlannedAct(MESSAGE, 2.5),)), steps)


def _outbox(name: str) -> Schedule:
    """Stop a member between publishing and clearing. Another member saves the same document and dies before publishing."""
    steps = [Step(0, "take over", "routing", how=f"{Failpoint.PUBLISHED}@1 {Failpoint.SAVED}@2")]
    return Schedule(name, _filed(name, 1, UP_AGAIN), steps)


def _sends(name: str) -> Schedule:
    """Freeze the broker between save and publish. Then kill the sender, and the broker with the records in its memory.

    The failpoint is a later one (@6), when the sender has open connections.
    """
    steps = [Step(0, "cut off", "intake", seconds=2, how=f"{Failpoint.SAVED}@6")]
    return Schedule(name, _filed(name, 80, UP_AGAIN / 2, every=0.1), steps)


def _terms(name: str) -> Schedule:
    """Kill intake while documents are asked and delivered: the terms stop and go on by what is stored."""
    steps = [Step(2, "die", "intake", how=f"{Failpoint.SAVED}@2")]
    return Schedule(name, _filed(name, 6, 0.5, reasons=frozenset({"COR"})), steps)


AIMED: Final[Mapping[str, Callable[[str], Schedule]]] = {
    "commit": _commit,
    "inbox": _inbox,
    "save": _save,
    "outbox": _outbox,
    "sends": _sends,
    "terms": _terms,
}


EVERY: Final = 4
"""Every schedule whose number is a multiple of this is an aimed one."""


def chosen(seed: int, number: int, tier: Tier) -> Schedule:
    """The schedule `number` of `seed`: a random or an aimed one."""
    turn, rest = divmod(number, EVERY)
    if rest:
        return draw(seed, number, tier)
    return list(AIMED.values())[(turn - 1) % len(AIMED)](f"{seed}/{number}")
