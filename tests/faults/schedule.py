"""Schedules: which faults are injected and when. Seed, number and tier determine a schedule, so it can be repeated."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from deploy.local.table import PROCESSES
from deploy.local.tier import EMBEDDED, REAL, Tier
from services.common.contracts import topics
from services.common.messaging.failpoints import Failpoint
from tests.faults import workload
from tests.faults.workload import PlannedRequest

REPLICAS: Final = 2
MEMBERS: Final[Mapping[str, str]] = {
    name if number == 1 else f"{name}-{number}": module
    for name, module in PROCESSES.items()
    for number in range(1, REPLICAS + 1)
}
"""All processes by name: two of each, so that one can take over while the other one hangs."""

DEPARTMENTS: Final = "departments"

STORES: Final[Mapping[str, str]] = {
    "documents": "store of documents",
    "intake": "store of intake",
    "routing": "store of routing",
    "notifications": "store of notifications",
    "gateway": "store of gateway",
    "gateway-worker": "store of gateway",
}
"""The proxy between each process and the store: a schedule can cut off one service only."""

STORE: Final = "store"
"""All store proxies at once."""

WRITES: Final = " writes"
"""Suffix of a store's name: reads work, and every write is refused, as with a full disk."""

GROUPS: Final[Mapping[str, str]] = {
    "intake": "intake",
    "routing": "routing",
    "documents": "documents",
    "notifications": "notifications",
    "gateway-views": "gateway-worker",
    "gateway-desk": "gateway-worker",
    "gateway-births": "gateway-worker",
}
"""The process whose members form each consumer group."""

GROUPS_OF: Final = {
    process: tuple(group for group in GROUPS if GROUPS[group] == process) for process in dict.fromkeys(GROUPS.values())
}

COPIED: Final = (
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
    Failpoint.BATCH_PROCESSED,
    Failpoint.PROCESSED,
    Failpoint.COMMITTED,
    Failpoint.SWEEP_ENDS_NOTED,
)
_VIEWING: Final = (Failpoint.BATCH_READ, Failpoint.PROJECTION_LOADED, Failpoint.PROJECTION_SAVED, Failpoint.PROCESSED)
_TELLING: Final = (
    Failpoint.INSERTED,
    Failpoint.PROCESSED,
    *(each for each in Failpoint if each.startswith("delivery-")),
)
_FILING: Final = tuple(each for each in Failpoint if each.startswith(("submit-", "act-")))

DEADLY: Final[Mapping[str, Sequence[Failpoint]]] = {
    "intake": _CONSUMING,
    "routing": _CONSUMING,
    "documents": _CONSUMING,
    "notifications": _TELLING,
    "gateway-worker": _VIEWING,
    "gateway": _FILING,
}
"""The failpoints at which each process may be killed or stopped."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault: `at` seconds after the start, on `on`, for `seconds`, in the way `how`."""

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
    """A kind of fault: its weight, its possible targets, its longest duration, and its ways."""

    fault: str
    weight: int
    on: Sequence[str]
    longest: float = 0.0
    how: Sequence[str] = ("",)
    tiers: Sequence[Tier] = (EMBEDDED, REAL)


_ANY_PROCESS: Final = (*MEMBERS, DEPARTMENTS)

_ANY_STORE: Final = (STORE, *sorted(set(STORES.values())))

KINDS: Final = (
    Kind("kill", 6, _ANY_PROCESS),
    Kind("kill", 1, ("kafka", "mail")),
    Kind("kill", 3, ("postgres", "mongo", "s3"), tiers=(REAL,)),
    Kind("stop", 5, _ANY_PROCESS, longest=20),
    Kind("stop", 2, ("kafka",), longest=60),
    Kind("stop", 1, ("mongo", "s3", "mail"), longest=20),
    Kind("stand still", 2, ("intake", "routing", "documents", "notifications", "gateway-worker"), longest=12),
    Kind("restart", 2, tuple(MEMBERS)),
    Kind("die", 4, tuple(DEADLY)),
    Kind("cut", 3, (*_ANY_STORE, "objects", "smtp", "counter", "to gateway", "to documents"), longest=20),
    Kind("slow", 2, (*_ANY_STORE, "objects", "smtp", "counter", "to gateway", "to documents"), longest=20),
    Kind("deafen", 3, (*_ANY_STORE, "objects", "counter", "to gateway", "to documents"), longest=10),
    Kind("refuse", 3, (*_ANY_STORE, *(f"{store}{WRITES}" for store in _ANY_STORE), "objects", "smtp"), longest=20),
    Kind("say again", 3, COPIED, how=("in order", "shuffled")),
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
    """`parts`: the planned requests. `steps`: the faults that are injected meanwhile."""

    name: str
    parts: Sequence[PlannedRequest]
    steps: Sequence[Step] = field(default=())

    def __str__(self) -> str:
        acts = sum(len(part.then) for part in self.parts)
        head = f"schedule {self.name}: {len(self.parts)} requests, {acts} acts"
        return "\n".join([head, *(f"    at {step.at:4.1f} s: {step}" for step in self.steps)])


def draw(seed: int, number: int, tier: Tier) -> Schedule:
    """The schedule `number` of `seed`."""
    chance = random.Random(f"{seed} {number} {tier}")
    name = f"{seed}/{number}"
    parts = workload.draw(chance, name, chance.randint(30, 70), FILING_SECONDS)
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
    """A log-uniform duration: as often between 1 s and 10 s as between 10 s and 100 s."""
    if not longest:
        return 0.0
    return round(math.exp(chance.uniform(math.log(SHORTEST), math.log(longest))), 1)
