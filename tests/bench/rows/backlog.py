"""P6: the time from a submit to its department's inbox while another group reads a backlog."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from deploy.demo.data import load_requests
from deploy.local.tier import Tier
from services.common.contracts import topics
from tests.bench import backlog_consumer
from tests.bench.callers import Caller
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.submits import submits
from tests.support.topics import create, producer

BACKLOG: Final = 100_000
REQUESTS: Final = 200
"""Submits in each half of a round, one after another."""

OTHER_GROUP: Final = "backlog-consumer"
VALUE: Final = bytes(600)


async def beside_a_backlog(tier: Tier, rounds: int) -> list[Figure]:
    idle: list[float] = []
    beside: list[float] = []
    async with bench_environment(
        tier, ["kafka", "mongo", "s3"], ["documents", "intake", "routing", "gateway"]
    ) as bench:
        await _fill(bench)
        await bench.start(OTHER_GROUP, "tests.bench.backlog_consumer", http=False)
        requests = submits(await bench.sessions())
        async with inboxes(bench) as consumer:
            await submits_to_inbox(bench, consumer, requests)
            for _ in range(rounds):
                with bench.frozen(OTHER_GROUP):
                    idle.append(quantile(await submits_to_inbox(bench, consumer, requests), 0.99) * 1e3)
                beside.append(quantile(await submits_to_inbox(bench, consumer, requests), 0.99) * 1e3)
    ours, baseline = Series(tuple(beside)), Series(tuple(idle))
    return [
        Figure("P6", "submit to department beside a backlog, p99", "ms", ours, baseline, Comparison.OURS_BY_BASELINE, 2)
    ]


async def _fill(bench: BenchEnvironment) -> None:
    await create(bench.env["KAFKA_URL"], {backlog_consumer.TOPIC: 12})
    writer = await producer(bench.env["KAFKA_URL"], enable_idempotence=True)
    for _ in range(BACKLOG // 1000):
        for sent in [await writer.send(backlog_consumer.TOPIC, key=uuid4().bytes, value=VALUE) for _ in range(1000)]:
            await sent
    await writer.stop()


@asynccontextmanager
async def inboxes(bench: BenchEnvironment) -> AsyncIterator[AIOKafkaConsumer]:
    names = {topics.inbox(row.department) for row in load_requests()}
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=bench.env["KAFKA_URL"], enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer.seek_to_end()
        yield consumer
    finally:
        await consumer.stop()


async def submits_to_inbox(
    bench: BenchEnvironment, consumer: AIOKafkaConsumer, requests: Iterator[bytes], count: int = REQUESTS
) -> list[float]:
    """Send `count` submits one after another; the seconds from sending each to its arrival in an inbox."""
    took: list[float] = []
    caller = await Caller.to(bench.url("gateway"))
    for _ in range(count):
        start = time.perf_counter()
        assert await caller.ask(next(requests)) == 201
        async with asyncio.timeout(30):
            await consumer.getone()
        took.append(time.perf_counter() - start)
    caller.close()
    return took
