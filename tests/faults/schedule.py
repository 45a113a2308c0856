"""A schedule: what is done to the system and when. It follows from seed, number and tier alone, and can be run again."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from deploy.local.table import PROCESSES
from deploy.local.tier import EMBEDDED, REAL, Tier
from services.common.contracts import topics
from services.common.messaging.failpoints import Failpoint
from tests.faults import script
from tests.faults.script import Part

REPLICAS: Final = 2
MEMBERS: Final[Mapping[str, str]] = {
    name if number == 1 else f"{name}-{number}": module
    for name, module in PROCESSES.items()
    for number in range(1, REPLICAS + 1)
}
"""Every process of ours, by its name in the town: two of each, so that somebody can take over while one only hangs."""

DEPARTMENTS: Final = "departments"

STORES: Final[Mapping[str, str]] = {
    "documents": "store of documents",
    "intake": "store of intake",
    "routing": "store of routing",
    "notifications": "store of notifications",
    "gateway": "store of gateway",
    "gateway-worker": "store of gateway",
}
"""What stands between each process and the store: one service may lose it while the others have it."""

STORE: Final = "store"
"""All of them at once."""

WRITES: Final = " writes"
"""After a store's name: reading goes on, and every write is refused, as by a disk that is full."""

GROUPS: Final[Mapping[str, str]] = {
    "intake": "intake",
    "routing": "routing",
    "documents": "documents",
    "notifications": "notifications",
    "gateway-views": "gateway-worker",
}
"""Which process the members of a consumer group are."""

GROUP_OF: Final = {process: group for group, process in GROUPS.items()}

SAID_AGAIN: Final = (
    topics.INTAKE,
    topics.LIFECYCLE,
    topics.ASSIGNMENTS,
    topics.DOCUMENTS,
    topics.DELIVERIES,
    "inboxes",
    "outboxes",
)

_CONSUMING: Final = (
    Failpoint.BATCH_READ,
    Failpoint.LOADED,
    Failpoint.TOPICS_KNOWN,
    Failpoint.SAVED,
    Failpoint.PUBLISHED,
    Failpoint.CLEARED,
    Failpoint.BATCH_TAKEN,
    Failpoint.TAKEN,
    Failpoint.COMMITTED,
    Failpoint.SWEEP_ENDS_NOTED,
)
_VIEWING: Final = (Failpoint.BATCH_READ, Failpoint.PROJECTION_LOADED, Failpoint.PROJECTION_SAVED, Failpoint.TAKEN)
_TELLING: Final = (Failpoint.MADE, Failpoint.TAKEN, *(each for each in Failpoint if each.startswith("delivery-")))
_FILING: Final = tuple(each for each in Failpoint if each.startswith(("submit-", "act-")))

DEADLY: Final[Mapping[str, Sequence[Failpoint]]] = {
    "intake": _CONSUMING,
    "routing": _CONSUMING,
    "documents": _CONSUMING,
    "notifications": _TELLING,
    "gateway-worker": _VIEWING,
    "gateway": _FILING,
}
"""Steps at which each process may be told to die, or to stand still."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done: when (seconds from the beginning), what, to whom, for how long, and how exactly."""

    at: float
    fault: str
    on: str
    seconds: float = 0.0
    how: str = ""

    def __str__(self) -> str:
        lasting = f" for {self.seconds:g} s" if self.seconds else ""
        return f"{self.fault} {self.on}{f' ({self.how})' if self.how else ''}{lasting}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault, how often it is drawn, whom it may strike, how long it may last, and in which ways."""

    fault: str
    weight: int
    on: Sequence[str]
    longest: float = 0.0
    how: Sequence[str] = ("",)
    tiers: Sequence[Tier] = (EMBEDDED, REAL)


_ANYBODY: Final = (*MEMBERS, DEPARTMENTS)

_ANY_STORE: Final = (STORE, *sorted(set(STORES.values())))

KINDS: Final = (
    Kind("kill", 6, _ANYBODY),
    Kind("kill", 1, ("kafka", "mail")),
    Kind("kill", 3, ("postgres", "mongo", "s3"), tiers=(REAL,)),
    Kind("stop", 5, _ANYBODY, longest=20),
    Kind("stop", 2, ("kafka",), longest=60),
    Kind("stop", 1, ("mongo", "s3", "mail"), longest=20),
    Kind("stand still", 2, ("intake", "routing", "documents", "notifications", "gateway-worker"), longest=12),
    Kind("restart", 2, tuple(MEMBERS)),
    Kind("die", 4, tuple(DEADLY)),
    Kind("cut", 3, (*_ANY_STORE, "objects", "smtp", "counter", "to gateway", "to documents"), longest=20),
    Kind("slow", 2, (*_ANY_STORE, "objects", "smtp", "counter", "to gateway", "to documents"), longest=20),
    Kind("deafen", 3, (*_ANY_STORE, "objects", "counter", "to gateway", "to documents"), longest=10),
    Kind("refuse", 3, (*_ANY_STORE, *(f"{store}{WRITES}" for store in _ANY_STORE), "objects", "smtp"), longest=20),
    Kind("say again", 3, SAID_AGAIN, how=("in order", "shuffled")),
    Kind("rewind", 1, tuple(GROUPS)),
    Kind("poison", 2, (topics.INTAKE, topics.LIFECYCLE, topics.ASSIGNMENTS, topics.DOCUMENTS, topics.outbox("pf"))),
    Kind("clock", 1, tuple(MEMBERS), longest=15, how=("-6h", "-2m", "+2m", "+6h")),
    Kind(
        "take over", 1, ("intake", "routing"), how=("published@1 saved@1", "saved@1 published@1", "loaded@1 cleared@1")
    ),
    Kind("cut off", 1, ("intake", "routing", "documents"), longest=6, how=("loaded@2", "saved@2", "published@2")),
    Kind("fill", 2, ("disk",), longest=10, tiers=(REAL,)),
)

_AT_A_STEP: Final = frozenset({"die", "stand still"})

FILING_SECONDS: Final = 10.0
STRIKING_SECONDS: Final = 8.0
SHORTEST: Final = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """`name` is what it is known by; `parts` what people do; `steps` what is done to the system meanwhile."""

    name: str
    parts: Sequence[Part]
    steps: Sequence[Step] = field(default=())

    def __str__(self) -> str:
        acts = sum(len(part.then) for part in self.parts)
        head = f"schedule {self.name}: {len(self.parts)} requests, {acts} acts"
        return "\n".join([head, *(f"    at {step.at:4.1f} s: {step}" for step in self.steps)])


def draw(seed: int, number: int, tier: Tier) -> Schedule:
    """The schedule `number` of `seed`."""
    chance = random.Random(f"{seed} {number} {tier}")
    name = f"{seed}/{number}"
    parts = script.draw(chance, name, chance.randint(30, 70), FILING_SECONDS)
    steps = [_step(chance, tier) for _ in range(chance.randint(2, 6))]
    return Schedule(name, parts, sorted(steps, key=lambda step: step.at))


def _step(chance: random.Random, tier: Tier) -> Step:
    kinds = [kind for kind in KINDS if tier in kind.tiers]
    (kind,) = chance.choices(kinds, [kind.weight for kind in kinds])
    on = chance.choice(kind.on)
    how = f"{chance.choice(DEADLY[on])}@{chance.randint(1, 3)}" if kind.fault in _AT_A_STEP else chance.choice(kind.how)
    at = round(chance.uniform(0, STRIKING_SECONDS), 1)
    return Step(at, kind.fault, on, _lasting(chance, kind.longest), how)


def _lasting(chance: random.Random, longest: float) -> float:
    """Short ones are the rule: as many between one second and ten as between ten and a hundred."""
    if not longest:
        return 0.0
    return round(math.exp(chance.uniform(math.log(SHORTEST), math.log(longest))), 1)
