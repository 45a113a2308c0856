"""P4: the time from the submit's first byte to the record in the department's inbox."""

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
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.submits import submits
from tests.support.topics import create, producer
from tests.support.waiting import eventually

REQUESTS: Final = 200
"""Requests of one side in one round, sent one after another."""

TURNS: Final = 10
PAUSE: Final = 0.02
"""Maximum seconds between two requests, drawn at random so that no side always meets the same moment of a poll."""

WITHIN: Final = 20.0

PARTITIONS: Final = 12
INBOXES: Final = sorted({topics.inbox(row.department) for row in load_requests()})

OURS: Final = "ours"
BASELINE: Final = "baseline"
PLAIN: Final = "plain"
"""The hops without inserts: an extra line, so that the table shows how much of the baseline is the store."""

Send = Callable[[], Awaitable[object]]


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    seconds: dict[str, list[list[float]]] = {OURS: [], BASELINE: [], PLAIN: []}
    async with bench_environment(tier, ["kafka", "mongo"], ["intake", "routing", "gateway"]) as bench:
        await _start_hops(bench, baseline_hops.TOPICS, insert=True)
        await _start_hops(bench, baseline_hops.PLAIN_TOPICS, insert=False)
        requests = submits(await bench.sessions())
        async with _senders(bench, requests) as senders, _readers(bench) as readers:
            for side, send in senders.items():
                await eventually(partial(_arrives, send, readers[side]), within=60)
                await _turn(send, readers[side], REQUESTS)
            for _ in range(rounds):
                for series in seconds.values():
                    series.append([])
                for _ in range(TURNS):
                    for side, send in senders.items():
                        seconds[side][-1] += await _turn(send, readers[side], REQUESTS // TURNS)
    ours, baseline, plain = (seconds[side] for side in (OURS, BASELINE, PLAIN))
    return [
        _figure("submit to inbox, p50", 0.5, 2.0, ours, baseline),
        _figure("submit to inbox, p99", 0.99, None, ours, baseline),
        _figure("two hops without inserts, p50", 0.5, None, plain, baseline),
    ]


async def _start_hops(bench: BenchEnvironment, names: Sequence[str], *, insert: bool) -> None:
    await create(bench.env["KAFKA_URL"], dict.fromkeys(names, PARTITIONS))
    for source, target in pairwise(names):
        env = {"HOP_FROM": source, "HOP_TO": target} | ({"HOP_INSERTS_INTO": source} if insert else {})
        await bench.start(f"hop-from-{source}", "tests.bench.baseline_hops", env, http=False)


@asynccontextmanager
async def _senders(bench: BenchEnvironment, requests: Iterator[bytes]) -> AsyncIterator[dict[str, Send]]:
    """How each side sends one request. The baseline's records are as large as ours."""
    caller = await Caller.to(bench.url("gateway"))
    writer: AIOKafkaProducer = await producer(bench.env["KAFKA_URL"], enable_idempotence=True)
    value = b"x" * 1_000

    async def submit() -> None:
        assert await caller.ask(next(requests)) == 201

    async def publish(topic: str) -> None:
        await writer.send_and_wait(topic, key=str(uuid4()).encode(), value=value)

    try:
        yield {
            OURS: submit,
            BASELINE: partial(publish, baseline_hops.TOPICS[0]),
            PLAIN: partial(publish, baseline_hops.PLAIN_TOPICS[0]),
        }
    finally:
        caller.close()
        await writer.stop()


@asynccontextmanager
async def _readers(bench: BenchEnvironment) -> AsyncIterator[dict[str, AIOKafkaConsumer]]:
    """A consumer at the last topic of each side, which reads only new records."""
    readers: dict[str, AIOKafkaConsumer] = {}
    last_topics = {OURS: INBOXES, BASELINE: baseline_hops.TOPICS[-1:], PLAIN: baseline_hops.PLAIN_TOPICS[-1:]}
    try:
        for side, names in last_topics.items():
            reader = AIOKafkaConsumer(*names, bootstrap_servers=bench.env["KAFKA_URL"], enable_auto_commit=False)
            readers[side] = reader
            await reader.start()
            partitions: set[TopicPartition] = reader.assignment()
            await reader.seek_to_end(*partitions)
        yield readers
    finally:
        for reader in readers.values():
            await reader.stop()


async def _arrives(send: Send, reader: AIOKafkaConsumer) -> bool:
    """Whether a request arrives: consumers may still be joining their groups."""
    await send()
    return bool(await reader.getmany(timeout_ms=2_000))


async def _turn(send: Send, reader: AIOKafkaConsumer, count: int) -> list[float]:
    """Seconds that each of `count` requests takes to arrive."""
    took = []
    while await reader.getmany(timeout_ms=200):
        pass  # Late records of the warm-up.
    for _ in range(count):
        await asyncio.sleep(random.uniform(0, PAUSE))
        start = time.perf_counter()
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(send(), reader.getone())
        took.append(time.perf_counter() - start)
    return took


def _figure(
    what: str, share: float, target: float | None, ours: list[list[float]], baseline: list[list[float]]
) -> Figure:
    comparison = Comparison.OURS_BY_BASELINE
    return Figure("P4", what, "ms", _series(ours, share), _series(baseline, share), comparison, target)


def _series(rounds: list[list[float]], share: float) -> Series:
    return Series(tuple(quantile(took, share) * 1e3 for took in rounds))
