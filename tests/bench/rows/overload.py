"""R8: ten times as many callers as the gateway serves at once: the latency of accepted submits, the `Retry-After` of the
others, and the time to recover.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from deploy.local.tier import Tier
from gateway.requests.submissions import SUBMITS
from tests.bench import process_stats
from tests.bench.callers import Caller, run_concurrently
from tests.bench.environment import bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.submits import submits

SECONDS: Final = 10.0
"""How long the callers of one side send in one round."""

TIMES: Final = 10
REJECTED: Final = frozenset({429, 503})
RECOVERED_WITHIN: Final = 5.0


@dataclass(slots=True)
class Outcomes:
    """The seconds of each accepted submit, and the number of rejected ones with and without `Retry-After`."""

    took: list[float] = field(default_factory=list)
    with_retry_after: int = 0
    without_retry_after: int = 0

    @property
    def p99(self) -> float:
        return quantile(self.took, 0.99)


async def send_for(url: str, requests: Iterator[bytes], callers: int, seconds: float) -> Outcomes:
    """Send from `callers` concurrent clients for `seconds`. A rejected client waits for `Retry-After` first."""
    outcomes, deadline = Outcomes(), time.perf_counter() + seconds

    async def send(caller: Caller) -> None:
        while time.perf_counter() < deadline:
            start = time.perf_counter()
            status = await caller.ask(next(requests))
            if status == 201:
                outcomes.took.append(time.perf_counter() - start)
            elif status in REJECTED:
                await wait_as_told(caller)
            else:
                raise AssertionError(f"{url} answered {status}")

    async def wait_as_told(caller: Caller) -> None:
        wait = caller.retry_after
        outcomes.with_retry_after += wait is not None
        outcomes.without_retry_after += wait is None
        await asyncio.sleep(min((wait or 0) * random.uniform(0.9, 1.1), max(0.0, deadline - time.perf_counter())))

    await run_concurrently(url, callers, send)
    return outcomes


async def recovery(url: str, requests: Iterator[bytes], usual: float) -> float:
    """Seconds until ten consecutive submits of one caller are accepted within `usual` seconds each."""
    start, in_a_row = time.perf_counter(), 0
    caller = await Caller.to(url)
    while in_a_row < 10:
        sent = time.perf_counter()
        status = await caller.ask(next(requests))
        in_a_row = in_a_row + 1 if status == 201 and time.perf_counter() - sent <= usual else 0
    caller.close()
    return time.perf_counter() - start


async def overload(tier: Tier, rounds: int) -> list[Figure]:
    plain: list[float] = []
    loaded: list[float] = []
    recovered: list[float] = []
    grown: list[float] = []
    without_time: list[float] = []
    async with bench_environment(tier, ["kafka", "mongo"], ["gateway"]) as bench:
        url = bench.url("gateway")
        requests = submits(await bench.sessions())
        await send_for(url, requests, SUBMITS, SECONDS)
        for _ in range(rounds):
            usual = await send_for(url, requests, SUBMITS, SECONDS)
            before = process_stats.resident_mib(bench.pid("gateway"))
            process_stats.forget_peak(bench.pid("gateway"))
            overloaded = await send_for(url, requests, TIMES * SUBMITS, SECONDS)
            recovered.append(await recovery(url, requests, usual.p99))
            plain.append(usual.p99 * 1e3)
            loaded.append(overloaded.p99 * 1e3)
            grown.append(process_stats.peak_mib(bench.pid("gateway")) - before)
            without_time.append(overloaded.without_retry_after)
            rejected = overloaded.with_retry_after
            print(f"accepted {len(usual.took)} and {len(overloaded.took)}, rejected {rejected}", flush=True)
    return [
        Figure("R8", "accepted, p99", "ms", _series(loaded), _series(plain), Comparison.OURS_BY_BASELINE, 2.0),
        Figure("R8", "rejected without Retry-After", "", _series(without_time), None, Comparison.VALUE, 0.0),
        Figure("R8", "memory growth", "MiB", _series(grown), None, Comparison.VALUE, 32.0),
        Figure("R8", "recovered after", "s", _series(recovered), None, Comparison.VALUE, RECOVERED_WITHIN),
    ]


def _series(values: list[float]) -> Series:
    return Series(tuple(values))
