"""P11: the memory of each process after some work, beside a process with the same imports that does nothing."""

from functools import partial
from typing import Final

from deploy.local import table
from deploy.local.tier import Tier
from services.common.contracts import topics
from tests.bench.callers import send_all
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series
from tests.bench.process_stats import resident_mib
from tests.bench.submits import submits
from tests.support.waiting import eventually

SUBMITS: Final = 500
"""Requests filed and processed in each round."""

MAX_MIB: Final = 120.0
MAX_RATIO: Final = 1.3


async def resident(tier: Tier, rounds: int) -> list[Figure]:
    async with bench_environment(tier, table.TIERS[tier], table.PROCESSES) as bench:
        for name, module in table.PROCESSES.items():
            await bench.start(f"bare-{name}", "tests.bench.baseline_process", {"IMPORTS": f"{module}.app"}, http=False)
        requests = submits(await bench.sessions())
        held: dict[str, list[float]] = {name: [] for name in table.PROCESSES}
        bare: dict[str, list[float]] = {name: [] for name in table.PROCESSES}
        for number in range(1, rounds + 1):
            await send_all(bench.url("gateway"), requests, SUBMITS, 16)
            await eventually(partial(_has_read, bench, number * SUBMITS), within=120, every=1.0)
            for name in table.PROCESSES:
                held[name].append(resident_mib(bench.pid(name)))
                bare[name].append(resident_mib(bench.pid(f"bare-{name}")))
    return [figure for name in held for figure in _figures(name, held[name], bare[name])]


def _figures(name: str, held: list[float], bare: list[float]) -> list[Figure]:
    ours, baseline = Series(tuple(held)), Series(tuple(bare))
    return [
        Figure(
            "P11",
            f"memory of {name}, beside its imports",
            "MiB",
            ours,
            baseline,
            Comparison.OURS_BY_BASELINE,
            MAX_RATIO,
        ),
        Figure("P11", f"memory of {name}", "MiB", ours, None, Comparison.VALUE, MAX_MIB),
    ]


async def _has_read(bench: BenchEnvironment, filed: int) -> bool:
    """Whether intake has consumed all submits; the other processes are never far behind it."""
    offsets = await bench.admin.list_consumer_group_offsets("intake")
    read: int = sum(each.offset for tp, each in offsets.items() if tp.topic == topics.INTAKE)
    return read == filed
