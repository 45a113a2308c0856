"""P6: how long a request is on its way to its department while another group drains a backlog."""

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
from tests.bench import draining
from tests.bench.callers import Caller
from tests.bench.figures import Figure, Reading, Series, quantile
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground
from tests.support.topics import create, producer

BACKLOG: Final = 100_000
REQUESTS: Final = 200
"""Sent one after the other in each half of a round."""

DRAINING: Final = "draining"
VALUE: Final = bytes(600)


async def beside_a_backlog(tier: Tier, rounds: int) -> list[Figure]:
    idle: list[float] = []
    beside: list[float] = []
    async with ground(tier, ["kafka", "mongo", "s3"], ["documents", "intake", "routing", "gateway"]) as place:
        await _fill(place)
        await place.start(DRAINING, "tests.bench.draining", http=False)
        requests = submits(await place.sessions(place.url("gateway")))
        async with inboxes(place) as consumer:
            await walk(place, consumer, requests)
            for _ in range(rounds):
                with place.frozen(DRAINING):
                    idle.append(quantile(await walk(place, consumer, requests), 0.99) * 1e3)
                beside.append(quantile(await walk(place, consumer, requests), 0.99) * 1e3)
    ours, baseline = Series(tuple(beside)), Series(tuple(idle))
    return [Figure("P6", "submit to department beside a backlog, p99", "ms", ours, baseline, Reading.TIMES, 2)]


async def _fill(place: Ground) -> None:
    await create(place.env["KAFKA_URL"], {draining.TOPIC: 12})
    saying = await producer(place.env["KAFKA_URL"], enable_idempotence=True)
    for _ in range(BACKLOG // 1000):
        for sent in [await saying.send(draining.TOPIC, key=uuid4().bytes, value=VALUE) for _ in range(1000)]:
            await sent
    await saying.stop()


@asynccontextmanager
async def inboxes(place: Ground) -> AsyncIterator[AIOKafkaConsumer]:
    names = {topics.inbox(row.department) for row in load_requests()}
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=place.env["KAFKA_URL"], enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer.seek_to_end()
        yield consumer
    finally:
        await consumer.stop()


async def walk(
    place: Ground, consumer: AIOKafkaConsumer, requests: Iterator[bytes], count: int = REQUESTS
) -> list[float]:
    """Seconds from sending a request to its arrival in an inbox, of one after the other."""
    took: list[float] = []
    caller = await Caller.to(place.url("gateway"))
    for _ in range(count):
        begin = time.perf_counter()
        assert await caller.ask(next(requests)) == 201
        async with asyncio.timeout(30):
            await consumer.getone()
        took.append(time.perf_counter() - begin)
    caller.close()
    return took
