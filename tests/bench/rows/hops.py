"""P4: how long a request takes to its department, from the submit's first byte to the record in the inbox."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.demo.data import load_requests
from deploy.local.tier import Tier
from services.common.contracts import topics
from tests.bench import baseline_hops
from tests.bench.callers import Caller
from tests.bench.figures import Figure, Reading, Series, quantile
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground
from tests.support.topics import create, producer
from tests.support.waiting import eventually

REQUESTS: Final = 200
"""Of one side in one round, one after the other."""

TURNS: Final = 10
PAUSE: Final = 0.02
"""Seconds between two, at most: nobody is to be met always at the same point of a poll."""

WITHIN: Final = 20.0

PARTITIONS: Final = 12
INBOXES: Final = sorted({topics.inbox(row.department) for row in load_requests()})

Send = Callable[[], Awaitable[object]]


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    found: dict[str, list[list[float]]] = {"ours": [], "baseline": [], "saving": []}
    async with ground(tier, ["kafka", "mongo"], ["intake", "routing", "gateway"]) as place:
        await _start_hops(place, baseline_hops.TOPICS)
        await _start_hops(place, baseline_hops.SAVING_TOPICS, saving=True)
        requests = submits(await place.sessions(place.url("gateway")))
        async with _sending(place, requests) as sides, _reading(place) as readers:
            for side, send in sides.items():
                await eventually(partial(_carries, send, readers[side]), within=60)
                await _turn(send, readers[side], REQUESTS)
            for _ in range(rounds):
                for series in found.values():
                    series.append([])
                for _ in range(TURNS):
                    for side, send in sides.items():
                        found[side][-1] += await _turn(send, readers[side], REQUESTS // TURNS)
    bare = found["baseline"]
    return [
        _figure("submit to inbox, p50", 0.5, 1.25, found["ours"], bare),
        _figure("submit to inbox, p99", 0.99, 1.5, found["ours"], bare),
        _figure("bare hops with a bare insert in each, p50", 0.5, None, found["saving"], bare),
    ]


async def _start_hops(place: Ground, names: Sequence[str], *, saving: bool = False) -> None:
    await create(place.env["KAFKA_URL"], dict.fromkeys(names, PARTITIONS))
    for source, target in pairwise(names):
        told = {"HOP_FROM": source, "HOP_TO": target} | ({"HOP_SAVES_IN": source} if saving else {})
        await place.start(f"hop-from-{source}", "tests.bench.baseline_hops", told, http=False)


@asynccontextmanager
async def _sending(place: Ground, requests: Iterator[bytes]) -> AsyncIterator[dict[str, Send]]:
    """How one request begins its way, on either side; what the baseline carries has the size of ours."""
    caller = await Caller.to(place.url("gateway"))
    bare: AIOKafkaProducer = await producer(place.env["KAFKA_URL"], enable_idempotence=True)
    value = b"x" * 1_000

    async def ours() -> None:
        assert await caller.ask(next(requests)) == 201

    async def hops(topic: str) -> None:
        await bare.send_and_wait(topic, key=str(uuid4()).encode(), value=value)

    try:
        yield {
            "ours": ours,
            "baseline": partial(hops, baseline_hops.TOPICS[0]),
            "saving": partial(hops, baseline_hops.SAVING_TOPICS[0]),
        }
    finally:
        caller.close()
        await bare.stop()


@asynccontextmanager
async def _reading(place: Ground) -> AsyncIterator[dict[str, AIOKafkaConsumer]]:
    """What arrives at either side's end from now on."""
    readers: dict[str, AIOKafkaConsumer] = {}
    try:
        ends = {"ours": INBOXES, "baseline": baseline_hops.TOPICS[-1:], "saving": baseline_hops.SAVING_TOPICS[-1:]}
        for side, names in ends.items():
            reader = AIOKafkaConsumer(*names, bootstrap_servers=place.env["KAFKA_URL"], enable_auto_commit=False)
            readers[side] = reader
            await reader.start()
            held: set[TopicPartition] = reader.assignment()
            await reader.seek_to_end(*held)
        yield readers
    finally:
        for reader in readers.values():
            await reader.stop()


async def _carries(send: Send, reader: AIOKafkaConsumer) -> bool:
    """Whether a request comes through yet: those who carry it may still be joining."""
    await send()
    return bool(await reader.getmany(timeout_ms=2_000))


async def _turn(send: Send, reader: AIOKafkaConsumer, count: int) -> list[float]:
    took = []
    while await reader.getmany(timeout_ms=200):
        pass  # Late arrivals of the warming up.
    for _ in range(count):
        await asyncio.sleep(random.uniform(0, PAUSE))
        begin = time.perf_counter()
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(send(), reader.getone())
        took.append(time.perf_counter() - begin)
    return took


def _figure(
    what: str, share: float, target: float | None, ours: list[list[float]], baseline: list[list[float]]
) -> Figure:
    return Figure("P4", what, "ms", _series(ours, share), _series(baseline, share), Reading.TIMES, target)


def _series(rounds: list[list[float]], share: float) -> Series:
    return Series(tuple(quantile(took, share) * 1e3 for took in rounds))
