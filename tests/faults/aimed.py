"""Schedules that are aimed at one step of the kernel each, where a kernel without that step does harm.

On a sound kernel they hold like all others, and are run among them; `test_mutations.py` runs them on broken ones.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deploy.demo.data import load_requests
from deploy.local.tier import Tier
from deploy.verification.evidence import MESSAGE
from services.common.contracts import topics
from services.common.messaging.failpoints import Failpoint
from tests.faults.schedule import DEPARTMENTS, STORES, WRITES, Schedule, Step, draw
from tests.faults.script import Part, Wish

UP_AGAIN: Final = 4.0
"""Seconds after which a process that was killed at the beginning reads again, on a busy machine too."""


def _filed(name: str, count: int, at: float, *, every: float = 0.05, then: tuple[Wish, ...] = ()) -> Sequence[Part]:
    """Plain requests from a moment on, so many seconds apart, and what their authors do with each."""
    rows = [row for row in load_requests() if not row.documents]
    chance = random.Random(name)
    parts = []
    for number in range(count):
        row = chance.choice(rows)
        said = row.model_copy(update={"description": f"{row.description} (n.º {number}, {name})"})
        parts.append(Part(number, round(at + number * every, 2), said, then=then))
    return parts


def _commit(name: str) -> Schedule:
    """Killed with a batch in hand that is not saved: whoever had committed it would never see it again."""
    steps = [Step(0, "die", "intake", how=f"{Failpoint.LOADED}@1")]
    return Schedule(name, _filed(name, 12, UP_AGAIN), steps)


def _inbox(name: str) -> Schedule:
    """What routing said is delivered a second time."""
    steps = [Step(6, "say again", topics.ASSIGNMENTS, how="in order")]
    return Schedule(name, _filed(name, 12, 0.5), steps)


def _save(name: str) -> Schedule:
    """Intake can read its store and not write to it, while people write and departments begin to answer.

    What it says of a message, and of an answer, it has not decided: the one knows nothing of the other, and both get the
    same number.
    """
    steps = [
        Step(0, "stop", DEPARTMENTS, seconds=UP_AGAIN + 4),
        Step(UP_AGAIN + 2, "refuse", f"{STORES['intake']}{WRITES}", seconds=5),
    ]
    return Schedule(name, _filed(name, 12, UP_AGAIN, then=(Wish(MESSAGE, 2.5),)), steps)


def _outbox(name: str) -> Schedule:
    """A member stands still between sending and clearing; another decides on the same document, and dies unsent."""
    steps = [Step(0, "take over", "routing", how=f"{Failpoint.PUBLISHED}@1 {Failpoint.SAVED}@2")]
    return Schedule(name, _filed(name, 1, UP_AGAIN), steps)


def _sends(name: str) -> Schedule:
    """Between save and send the broker freezes, and dies with what it was sent; the sender is killed before.

    That happens in the midst of its work, when it has its connections.
    """
    steps = [Step(0, "cut off", "intake", seconds=2, how=f"{Failpoint.SAVED}@6")]
    return Schedule(name, _filed(name, 80, UP_AGAIN / 2, every=0.1), steps)


AIMED: Final[Mapping[str, Callable[[str], Schedule]]] = {
    "commit": _commit,
    "inbox": _inbox,
    "save": _save,
    "outbox": _outbox,
    "sends": _sends,
}


EVERY: Final = 4
"""One schedule in so many is an aimed one."""


def chosen(seed: int, number: int, tier: Tier) -> Schedule:
    """The schedule `number` of `seed`: drawn, or aimed when its turn has come."""
    turn, rest = divmod(number, EVERY)
    if rest:
        return draw(seed, number, tier)
    return list(AIMED.values())[(turn - 1) % len(AIMED)](f"{seed}/{number}")
