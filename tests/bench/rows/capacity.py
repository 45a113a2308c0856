"""P14: the capacity of the whole system on the available cores, and the processor time of each program."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer

from deploy.demo.data import load_requests
from deploy.demo.stage import DEPARTMENTS, start_departments
from deploy.local import table
from deploy.local.tier import Tier
from gateway.worker import app as worker
from services.common.contracts import topics
from services.documents import messages as documents
from services.intake import messages as intake
from services.notifications import messages as notifications
from services.routing import messages as routing
from tests.bench import process_trees, progress
from tests.bench.callers import send_all
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.submits import submits

CALLERS: Final = 16
SUBMITS: Final = 3_000
"""Submits of one round, sent as fast as they are accepted. The round ends when all are carried and answered."""

NOTICES: Final = 2
"""Notices about each request: registered, answered."""

WARM_UP: Final = 1_000
WITHIN: Final = 240.0

IDLE: Final = 3.0
"""Seconds without submits before each round."""

CORES: Final = len(os.sched_getaffinity(0))

LOAD: Final = "load generator"
OTHERS: Final = "all other programs of the machine"

TARGET: Final = 189
"""Requests carried a second: 1.4 times the 135 that were measured on commit 4463998."""

CODES: Final = sorted({row.department for row in load_requests()})
GROUPS: Final = {
    worker.GROUP: worker.TOPICS,
    worker.DESK_GROUP: tuple(topics.inbox(code) for code in CODES),
    intake.GROUP: intake.TOPICS,
    routing.GROUP: routing.topics_read(CODES),
    documents.GROUP: documents.TOPICS,
    notifications.GROUP: notifications.TOPICS,
    **{f"department-{code}": (topics.inbox(code),) for code in CODES},
}


@dataclass(slots=True)
class Results:
    """One value for each round."""

    rate: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    idle: dict[str, list[float]] = field(default_factory=dict)


async def capacity(tier: Tier, rounds: int) -> list[Figure]:
    results = Results()
    async with everything(tier) as bench, recording(bench) as recorder:
        requests = submits(await bench.sessions())
        await send_all(bench.url("gateway"), requests, WARM_UP, CALLERS)
        await recorder.until_idle(WARM_UP * NOTICES, WITHIN)
        for number in range(1, rounds + 1):
            await _round(bench, recorder, requests, number, results)
    return [
        Figure("P14", "carried", "requests/s", *_plain(results.rate), TARGET, at_least=True),
        Figure("P14", "carried and answered by their departments", "requests/s", *_plain(results.answered), None),
        Figure("P14", "possible by processor time alone", "requests/s", *_plain(results.alone), None),
        Figure("P14", f"submit, {CALLERS} clients, p50", "ms", *_plain(results.p50), 25),
        Figure("P14", f"submit, {CALLERS} clients, p99", "ms", *_plain(results.p99), None),
        Figure("P14", "memory of all programs", "MiB", *_plain(results.memory), None),
        *(Figure("P14", name, "µs CPU a request", *_plain(spent), None) for name, spent in results.cpu.items()),
        *(
            Figure("P14", f"{name}, idle", "ms CPU a second", *_plain(spent), None)
            for name, spent in results.idle.items()
        ),
    ]


@asynccontextmanager
async def everything(tier: Tier) -> AsyncIterator[BenchEnvironment]:
    """Start every engine and process, and the reference departments."""
    async with bench_environment(tier, table.TIERS[tier], table.PROCESSES) as bench:
        await start_departments(bench.stack, CODES)
        yield bench


@asynccontextmanager
async def recording(bench: BenchEnvironment) -> AsyncIterator[progress.ProgressRecorder]:
    topics_read = {topic for names in GROUPS.values() for topic in names}
    consumer = AIOKafkaConsumer(*topics_read, bootstrap_servers=bench.env["KAFKA_URL"], enable_auto_commit=False)
    await consumer.start()
    try:
        # It is used for offsets only, and must not fetch records beside the measured consumers.
        consumer.pause(*consumer.assignment())
        groups: dict[str, Sequence[str]] = {group: tuple(names) for group, names in GROUPS.items()}
        yield progress.ProgressRecorder(bench.admin, consumer, groups)
    finally:
        await consumer.stop()


async def _round(
    bench: BenchEnvironment,
    recorder: progress.ProgressRecorder,
    requests: Iterator[bytes],
    number: int,
    results: Results,
) -> None:
    names = (*table.TIERS[bench.stack.tier], *table.PROCESSES, DEPARTMENTS)
    programs = {name: bench.pid(name) for name in names}
    for name, share in (await _idle_cpu(programs)).items():
        results.idle.setdefault(name, []).append(share * 1e3)
    recorder.samples.clear()
    before, busy_before, start = _cpu(programs), process_trees.busy(), time.time()
    took = await send_all(bench.url("gateway"), requests, SUBMITS, CALLERS)
    await recorder.until_idle((WARM_UP + number * SUBMITS) * NOTICES, WITHIN)
    after, busy, end = _cpu(programs), process_trees.busy() - busy_before, time.time()
    memory = process_trees.memory_of(programs)
    last = (await progress.carried_at(bench.env["KAFKA_URL"], recorder, CODES, start))[-1]
    results.rate.append(SUBMITS / (last - start))
    results.answered.append(SUBMITS / (end - start))
    results.p50.append(quantile(took, 0.5) * 1e3)
    results.p99.append(quantile(took, 0.99) * 1e3)
    results.memory.append(sum(memory.values()))
    costs = {name: after[name] - before[name] for name in after}
    results.alone.append(SUBMITS * CORES / sum(costs.values()))
    costs[OTHERS] = max(busy - sum(costs.values()), 0.0)
    for name, cost in costs.items():
        results.cpu.setdefault(name, []).append(cost / SUBMITS * 1e6)


async def _idle_cpu(programs: dict[str, int]) -> dict[str, float]:
    """Processor seconds per second of each program without submits. A round's costs include them."""
    before, start = process_trees.cpu_of(programs), time.monotonic()
    await asyncio.sleep(IDLE)
    after, took = process_trees.cpu_of(programs), time.monotonic() - start
    return {name: (after[name] - before[name]) / took for name in programs}


def _cpu(programs: dict[str, int]) -> dict[str, float]:
    return process_trees.cpu_of(programs) | {LOAD: process_trees.load_cpu()}


def _plain(values: list[float]) -> tuple[Series, None, Comparison]:
    return Series(tuple(values)), None, Comparison.VALUE
