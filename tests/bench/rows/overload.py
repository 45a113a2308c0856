"""R8: ten times as many callers as the gateway serves at once. What the accepted wait, what the rest are told, and how
soon it is over.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from deploy.local.tier import Tier
from gateway.requests.submissions import SUBMITS
from tests.bench import watch
from tests.bench.callers import Caller, together
from tests.bench.figures import Figure, Reading, Series, quantile
from tests.bench.filing import submits
from tests.bench.ground import ground

SECONDS: Final = 10.0
"""How long the callers of one side go on in one round."""

TIMES: Final = 10
NOT_NOW: Final = frozenset({429, 503})
RECOVERED_WITHIN: Final = 5.0


@dataclass(slots=True)
class Ends:
    """How each sending ended: the seconds of those accepted, and how many were sent away, with and without a time."""

    took: list[float] = field(default_factory=list)
    told_when: int = 0
    told_nothing: int = 0

    @property
    def p99(self) -> float:
        return quantile(self.took, 0.99)


async def pressing(url: str, requests: Iterator[bytes], callers: int, seconds: float) -> Ends:
    """As many callers, each asking again at once when it is answered, and when told not now, when it was told to."""
    ends, over = Ends(), time.perf_counter() + seconds

    async def press(caller: Caller) -> None:
        while time.perf_counter() < over:
            begin = time.perf_counter()
            status = await caller.ask(next(requests))
            if status == 201:
                ends.took.append(time.perf_counter() - begin)
            elif status in NOT_NOW:
                await come_back(caller)
            else:
                raise AssertionError(f"{url} answered {status}")

    async def come_back(caller: Caller) -> None:
        wait = caller.retry_after
        ends.told_when += wait is not None
        ends.told_nothing += wait is None
        await asyncio.sleep(min((wait or 0) * random.uniform(0.9, 1.1), max(0.0, over - time.perf_counter())))

    await together(url, callers, press)
    return ends


async def recovery(url: str, requests: Iterator[bytes], usual: float) -> float:
    """Seconds until one caller alone waits no longer than usual, ten times running."""
    begin, well = time.perf_counter(), 0
    caller = await Caller.to(url)
    while well < 10:
        asked = time.perf_counter()
        status = await caller.ask(next(requests))
        well = well + 1 if status == 201 and time.perf_counter() - asked <= usual else 0
    caller.close()
    return time.perf_counter() - begin


async def overload(tier: Tier, rounds: int) -> list[Figure]:
    plain: list[float] = []
    pressed: list[float] = []
    recovered: list[float] = []
    grown: list[float] = []
    untold: list[float] = []
    async with ground(tier, ["kafka", "mongo"], ["gateway"]) as place:
        url = place.url("gateway")
        requests = submits(await place.sessions(url))
        await pressing(url, requests, SUBMITS, SECONDS)
        for _ in range(rounds):
            usual = await pressing(url, requests, SUBMITS, SECONDS)
            before = watch.resident_mib(place.pid("gateway"))
            watch.forget_peak(place.pid("gateway"))
            much = await pressing(url, requests, TIMES * SUBMITS, SECONDS)
            recovered.append(await recovery(url, requests, usual.p99))
            plain.append(usual.p99 * 1e3)
            pressed.append(much.p99 * 1e3)
            grown.append(watch.peak_mib(place.pid("gateway")) - before)
            untold.append(much.told_nothing)
            print(f"accepted {len(usual.took)} and {len(much.took)}, sent away {much.told_when}", flush=True)
    return [
        Figure("R8", "accepted, p99", "ms", _series(pressed), _series(plain), Reading.TIMES, 2.0),
        Figure("R8", "sent away untold", "", _series(untold), None, Reading.PLAIN, 0.0),
        Figure("R8", "memory it takes", "MiB", _series(grown), None, Reading.PLAIN, 32.0),
        Figure("R8", "over after", "s", _series(recovered), None, Reading.PLAIN, RECOVERED_WITHIN),
    ]


def _series(values: list[float]) -> Series:
    return Series(tuple(values))
