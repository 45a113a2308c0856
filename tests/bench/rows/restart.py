"""R4: the broker is killed and restarted; the time until a request filed then reaches its department's inbox."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer

from deploy.local.tier import Tier
from tests.bench.callers import Caller
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series
from tests.bench.rows.backlog import inboxes, submits_to_inbox
from tests.bench.submits import submits
from tests.support.waiting import eventually

WITHIN: Final = 120.0
REQUESTS: Final = 20
"""Requests before each kill, so that every process works and no record is left in progress."""


async def after_a_restart(tier: Tier, rounds: int) -> list[Figure]:
    took: list[float] = []
    async with bench_environment(
        tier, ["kafka", "mongo", "s3"], ["documents", "intake", "routing", "gateway"]
    ) as bench:
        requests = submits(await bench.sessions())
        async with inboxes(bench) as consumer:
            for _ in range(rounds):
                await submits_to_inbox(bench, consumer, requests, REQUESTS)
                await bench.stack.kill("kafka")
                await bench.stack.wait_ready("kafka")
                took.append(await _first(bench, consumer, requests))
    what = "broker's return to first request in its inbox"
    return [Figure("R4", what, "s", Series(tuple(took)), None, Comparison.VALUE, 10)]


async def _first(bench: BenchEnvironment, consumer: AIOKafkaConsumer, requests: Iterator[bytes]) -> float:
    start = time.perf_counter()
    caller = await Caller.to(bench.url("gateway"))
    await eventually(partial(_accepted, caller, next(requests)), within=WITHIN)
    while not await consumer.getmany(timeout_ms=1_000):
        assert time.perf_counter() - start < WITHIN, "no request reaches a department any more"
    caller.close()
    return time.perf_counter() - start


async def _accepted(caller: Caller, request: bytes) -> bool:
    """Whether the submit is accepted; each retry has the same key."""
    return await caller.ask(request) == 201
