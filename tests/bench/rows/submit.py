"""P1, P3 and P7: what a submit costs its process, how long it takes, and what tracing adds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from deploy.local.tier import Tier
from tests.bench import baseline_submit
from tests.bench.callers import crowd
from tests.bench.figures import Figure, Reading, Series, quantile
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground
from tests.bench.sink import sink
from tests.support.topics import create

CALLERS: Final = 16
SUBMITS: Final = 2_000
"""Of one side in one round."""

TURNS: Final = 10
"""How often a round changes sides: what else happens on the machine then meets both."""


@asynccontextmanager
async def both(tier: Tier, ours: str, other: str) -> AsyncIterator[Ground]:
    """A gateway that traces 10 % as `ours`; as `other` the baseline, or a gateway that traces nothing."""
    async with ground(tier, ["kafka", "mongo"]) as place, sink() as traced:
        await place.start(ours, "gateway", env=traced)
        if other == BASELINE:
            await create(place.env["KAFKA_URL"], {baseline_submit.TOPIC: 12})
            await place.start(other, "tests.bench.baseline_submit")
        else:
            await place.start(other, "gateway")
        yield place


OURS: Final = "gateway-traced"
BASELINE: Final = "baseline-submit"
UNTRACED: Final = "gateway-untraced"


async def costs(place: Ground, sides: tuple[str, str], rounds: int) -> tuple[Series, Series]:
    """µs of processor time for one submit, on either side."""
    requests = submits(await place.sessions(place.url(OURS)))
    found: dict[str, list[float]] = {side: [] for side in sides}
    for side in sides:
        await crowd(place.url(side), requests, SUBMITS, CALLERS)
    for _ in range(rounds):
        spent = dict.fromkeys(sides, 0.0)
        for _ in range(TURNS):
            for side in sides:
                before = place.cpu(side)
                await crowd(place.url(side), requests, SUBMITS // TURNS, CALLERS)
                spent[side] += place.cpu(side) - before
        for side in sides:
            found[side].append(spent[side] / SUBMITS * 1e6)
    ours, other = (Series(tuple(found[side])) for side in sides)
    return ours, other


async def per_core(tier: Tier, rounds: int) -> list[Figure]:
    async with both(tier, OURS, BASELINE) as place:
        ours, baseline = await costs(place, (OURS, BASELINE), rounds)
    return [Figure("P1", "submits per core", "µs CPU", ours, baseline, Reading.SHARE, 0.75, at_least=True)]


async def tracing(tier: Tier, rounds: int) -> list[Figure]:
    async with both(tier, OURS, UNTRACED) as place:
        ours, untraced = await costs(place, (OURS, UNTRACED), rounds)
    return [Figure("P7", "tracing, of a submit", "µs CPU", ours, untraced, Reading.MORE, 50)]


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    found: dict[str, list[list[float]]] = {OURS: [], BASELINE: []}
    async with both(tier, OURS, BASELINE) as place:
        requests = submits(await place.sessions(place.url(OURS)))
        for side in found:
            await crowd(place.url(side), requests, SUBMITS // 2, 1)
        for _ in range(rounds):
            for series in found.values():
                series.append([])
            for _ in range(TURNS):
                for side, series in found.items():
                    series[-1] += await crowd(place.url(side), requests, SUBMITS // 2 // TURNS, 1)
    return [_latency("p50", 0.5, 1.25, found), _latency("p99", 0.99, 1.5, found)]


def _latency(name: str, share: float, target: float, found: dict[str, list[list[float]]]) -> Figure:
    ours, baseline = (Series(tuple(quantile(took, share) * 1e3 for took in found[side])) for side in (OURS, BASELINE))
    return Figure("P3", f"submit, one client, {name}", "ms", ours, baseline, Reading.TIMES, target)
