"""R4: the broker is killed and comes back; how long until a request that is filed then has reached its department."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer

from deploy.local.tier import Tier
from tests.bench.callers import Caller
from tests.bench.figures import Figure, Reading, Series
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground
from tests.bench.rows.backlog import inboxes, walk
from tests.support.waiting import eventually

WITHIN: Final = 120.0
REQUESTS: Final = 20
"""Before the broker is killed: everybody works, and nothing is left on its way."""


async def after_a_restart(tier: Tier, rounds: int) -> list[Figure]:
    took: list[float] = []
    async with ground(tier, ["kafka", "mongo", "s3"], ["documents", "intake", "routing", "gateway"]) as place:
        requests = submits(await place.sessions(place.url("gateway")))
        async with inboxes(place) as consumer:
            for _ in range(rounds):
                await walk(place, consumer, requests, REQUESTS)
                await place.stack.kill("kafka")
                await place.stack.wait_ready("kafka")
                took.append(await _first(place, consumer, requests))
    what = "broker's return to first request in its inbox"
    return [Figure("R4", what, "s", Series(tuple(took)), None, Reading.PLAIN, 10)]


async def _first(place: Ground, consumer: AIOKafkaConsumer, requests: Iterator[bytes]) -> float:
    begin = time.perf_counter()
    caller = await Caller.to(place.url("gateway"))
    await eventually(partial(_filed, caller, next(requests)), within=WITHIN)
    while not await consumer.getmany(timeout_ms=1_000):
        assert time.perf_counter() - begin < WITHIN, "nothing reaches a department any more"
    caller.close()
    return time.perf_counter() - begin


async def _filed(caller: Caller, request: bytes) -> bool:
    """The same sending, key and all, until it is taken."""
    return await caller.ask(request) == 201
