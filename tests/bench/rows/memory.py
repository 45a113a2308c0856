"""P11: what each process holds after some work, beside one that has imported the same and does nothing."""

from functools import partial
from typing import Final

from deploy.local import table
from deploy.local.tier import Tier
from services.common.contracts import topics
from tests.bench.callers import crowd
from tests.bench.figures import Figure, Reading, Series
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground
from tests.bench.watch import resident_mib
from tests.support.waiting import eventually

SUBMITS: Final = 500
"""Filed in each round, and carried to their end."""

MOST: Final = 90.0


async def resident(tier: Tier, rounds: int) -> list[Figure]:
    async with ground(tier, table.TIERS[tier], table.PROCESSES) as place:
        for name, module in table.PROCESSES.items():
            await place.start(f"bare-{name}", "tests.bench.baseline_process", {"IMPORTS": f"{module}.app"}, http=False)
        requests = submits(await place.sessions(place.url("gateway")))
        held: dict[str, list[float]] = {name: [] for name in table.PROCESSES}
        bare: dict[str, list[float]] = {name: [] for name in table.PROCESSES}
        for number in range(1, rounds + 1):
            await crowd(place.url("gateway"), requests, SUBMITS, 16)
            await eventually(partial(_has_read, place, number * SUBMITS), within=120, every=1.0)
            for name in table.PROCESSES:
                held[name].append(resident_mib(place.pid(name)))
                bare[name].append(resident_mib(place.pid(f"bare-{name}")))
    return [figure for name in held for figure in _figures(name, held[name], bare[name])]


def _figures(name: str, held: list[float], bare: list[float]) -> list[Figure]:
    ours, baseline = Series(tuple(held)), Series(tuple(bare))
    return [
        Figure("P11", f"memory of {name}, beside its imports", "MiB", ours, baseline, Reading.TIMES, 1.25),
        Figure("P11", f"memory of {name}", "MiB", ours, None, Reading.PLAIN, MOST),
    ]


async def _has_read(place: Ground, filed: int) -> bool:
    """Whether intake has read all that was filed; the others are never far behind it."""
    offsets = await place.admin.list_consumer_group_offsets("intake")
    read: int = sum(each.offset for tp, each in offsets.items() if tp.topic == topics.INTAKE)
    return read == filed
