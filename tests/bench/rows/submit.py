"""P1, P3 and P7: the processor time of a submit, its latency, and the cost of tracing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from deploy.local.tier import Tier
from tests.bench import baseline_submit
from tests.bench.callers import send_all
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.span_sink import span_sink
from tests.bench.submits import submits
from tests.support.topics import create

CALLERS: Final = 16
SUBMITS: Final = 2_000
"""Submits of one side in one round."""

TURNS: Final = 10
"""How often a round changes sides, so that other work on the machine affects both."""


@asynccontextmanager
async def both(tier: Tier, ours: str, other: str) -> AsyncIterator[BenchEnvironment]:
    """Start a gateway that samples 10 % as `ours`, and as `other` the baseline or a gateway without tracing."""
    async with bench_environment(tier, ["kafka", "mongo"]) as bench, span_sink() as traced:
        await bench.start(ours, "gateway", env=traced)
        if other == BASELINE:
            await create(bench.env["KAFKA_URL"], {baseline_submit.TOPIC: 12})
            await bench.start(other, "tests.bench.baseline_submit")
        else:
            await bench.start(other, "gateway")
        yield bench


OURS: Final = "gateway-traced"
BASELINE: Final = "baseline-submit"
UNTRACED: Final = "gateway-untraced"


async def costs(bench: BenchEnvironment, sides: tuple[str, str], rounds: int) -> tuple[Series, Series]:
    """µs of processor time per submit, for each side."""
    requests = submits(await bench.sessions(OURS))
    found: dict[str, list[float]] = {side: [] for side in sides}
    for side in sides:
        await send_all(bench.url(side), requests, SUBMITS, CALLERS)
    for _ in range(rounds):
        spent = dict.fromkeys(sides, 0.0)
        for _ in range(TURNS):
            for side in sides:
                before = bench.cpu(side)
                await send_all(bench.url(side), requests, SUBMITS // TURNS, CALLERS)
                spent[side] += bench.cpu(side) - before
        for side in sides:
            found[side].append(spent[side] / SUBMITS * 1e6)
    ours, other = (Series(tuple(found[side])) for side in sides)
    return ours, other


async def per_core(tier: Tier, rounds: int) -> list[Figure]:
    async with both(tier, OURS, BASELINE) as bench:
        ours, baseline = await costs(bench, (OURS, BASELINE), rounds)
    return [
        Figure("P1", "submits per core", "µs CPU", ours, baseline, Comparison.BASELINE_BY_OURS, 0.50, at_least=True)
    ]


async def tracing(tier: Tier, rounds: int) -> list[Figure]:
    async with both(tier, OURS, UNTRACED) as bench:
        ours, untraced = await costs(bench, (OURS, UNTRACED), rounds)
    return [Figure("P7", "tracing, of a submit", "µs CPU", ours, untraced, Comparison.DIFFERENCE, 50)]


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    found: dict[str, list[list[float]]] = {OURS: [], BASELINE: []}
    async with both(tier, OURS, BASELINE) as bench:
        requests = submits(await bench.sessions(OURS))
        for side in found:
            await send_all(bench.url(side), requests, SUBMITS // 2, 1)
        for _ in range(rounds):
            for series in found.values():
                series.append([])
            for _ in range(TURNS):
                for side, series in found.items():
                    series[-1] += await send_all(bench.url(side), requests, SUBMITS // 2 // TURNS, 1)
    return [_latency("p50", 0.5, 1.6, found), _latency("p99", 0.99, 1.6, found)]


def _latency(name: str, share: float, target: float, found: dict[str, list[list[float]]]) -> Figure:
    ours, baseline = (Series(tuple(quantile(took, share) * 1e3 for took in found[side])) for side in (OURS, BASELINE))
    return Figure("P3", f"submit, one client, {name}", "ms", ours, baseline, Comparison.OURS_BY_BASELINE, target)
