"""P14: what the whole system carries on the cores it has, and who spends them."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer

from deploy.demo.data import load_requests
from deploy.demo.stage import DEPARTMENTS, departments_listen
from deploy.local import table
from deploy.local.tier import Tier
from gateway.worker import app as worker
from services.common.contracts import topics
from services.documents import messages as documents
from services.intake import messages as intake
from services.notifications import messages as notifications
from services.routing import messages as routing
from tests.bench import carried, families
from tests.bench.callers import crowd
from tests.bench.figures import Figure, Reading, Series, quantile
from tests.bench.filing import submits
from tests.bench.ground import Ground, ground

CALLERS: Final = 16
SUBMITS: Final = 3_000
"""Filed in one round, as fast as they are taken; the round ends when all of them are carried and answered."""

NOTICES: Final = 2
"""To the author of each: it is registered, it is answered."""

WARMING: Final = 1_000
WITHIN: Final = 240.0

REST: Final = 3.0
"""Seconds before each round in which nobody files."""

CORES: Final = len(os.sched_getaffinity(0))

LOAD: Final = "the load itself"
OTHERS: Final = "all others on the machine"

CODES: Final = sorted({row.department for row in load_requests()})
GROUPS: Final = {
    worker.GROUP: worker.TOPICS,
    intake.GROUP: intake.TOPICS,
    routing.GROUP: routing.topics_read(CODES),
    documents.GROUP: documents.TOPICS,
    notifications.GROUP: notifications.TOPICS,
    **{f"department-{code}": (topics.inbox(code),) for code in CODES},
}


@dataclass(slots=True)
class Found:
    """One value of each for every round."""

    rate: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    rest: dict[str, list[float]] = field(default_factory=dict)


async def capacity(tier: Tier, rounds: int) -> list[Figure]:
    found = Found()
    async with everything(tier) as place, watching(place) as watch:
        requests = submits(await place.sessions(place.url("gateway")))
        await crowd(place.url("gateway"), requests, WARMING, CALLERS)
        await watch.until_quiet(WARMING * NOTICES, WITHIN)
        for number in range(1, rounds + 1):
            await _round(place, watch, requests, number, found)
    return [
        Figure("P14", "carried by all together", "requests/s", *_plain(found.rate), 400, at_least=True),
        Figure("P14", "and answered by their departments", "requests/s", *_plain(found.answered), None),
        Figure("P14", "as many as the cores could, doing nothing else", "requests/s", *_plain(found.alone), None),
        Figure("P14", f"submit, {CALLERS} clients, p50", "ms", *_plain(found.p50), 20),
        Figure("P14", f"submit, {CALLERS} clients, p99", "ms", *_plain(found.p99), None),
        Figure("P14", "memory of all", "MiB", *_plain(found.memory), None),
        *(Figure("P14", name, "µs CPU a request", *_plain(spent), None) for name, spent in found.cpu.items()),
        *(
            Figure("P14", f"{name}, at rest", "ms CPU a second", *_plain(spent), None)
            for name, spent in found.rest.items()
        ),
    ]


@asynccontextmanager
async def everything(tier: Tier) -> AsyncIterator[Ground]:
    """Every engine and process, and the reference departments."""
    async with ground(tier, table.TIERS[tier], table.PROCESSES) as place:
        command = [sys.executable, "-m", "deploy.demo.department", *(f"--code={code}" for code in CODES)]
        ready = partial(departments_listen, place.env["KAFKA_URL"], CODES)
        await place.stack.start_program(DEPARTMENTS, command, ready=ready)
        yield place


@asynccontextmanager
async def watching(place: Ground) -> AsyncIterator[carried.Watch]:
    topics_read = {topic for read in GROUPS.values() for topic in read}
    consumer = AIOKafkaConsumer(*topics_read, bootstrap_servers=place.env["KAFKA_URL"], enable_auto_commit=False)
    await consumer.start()
    try:
        # Only its questions are wanted: it must not fetch beside those who are measured.
        consumer.pause(*consumer.assignment())
        yield carried.Watch(place.admin, consumer, {group: tuple(read) for group, read in GROUPS.items()})
    finally:
        await consumer.stop()


async def _round(place: Ground, watch: carried.Watch, requests: Iterator[bytes], number: int, found: Found) -> None:
    names = (*table.TIERS[place.stack.tier], *table.PROCESSES, DEPARTMENTS)
    programs = {name: place.pid(name) for name in names}
    for name, idle in (await _at_rest(programs)).items():
        found.rest.setdefault(name, []).append(idle * 1e3)
    watch.looks.clear()
    before, busy, begin = _spent(programs), families.busy(), time.time()
    took = await crowd(place.url("gateway"), requests, SUBMITS, CALLERS)
    await watch.until_quiet((WARMING + number * SUBMITS) * NOTICES, WITHIN)
    spent, all_busy, quiet = _spent(programs), families.busy() - busy, time.time()
    memory = families.memory_of(programs)
    last = (await carried.carried(place.env["KAFKA_URL"], watch, CODES, begin))[-1]
    found.rate.append(SUBMITS / (last - begin))
    found.answered.append(SUBMITS / (quiet - begin))
    found.p50.append(quantile(took, 0.5) * 1e3)
    found.p99.append(quantile(took, 0.99) * 1e3)
    found.memory.append(sum(memory.values()))
    costs = {name: spent[name] - before[name] for name in spent}
    found.alone.append(SUBMITS * CORES / sum(costs.values()))
    costs[OTHERS] = max(all_busy - sum(costs.values()), 0.0)
    for name, cost in costs.items():
        found.cpu.setdefault(name, []).append(cost / SUBMITS * 1e6)


async def _at_rest(programs: dict[str, int]) -> dict[str, float]:
    """Processor seconds a second, while nobody files: a share of what a round costs, and the larger the slower it is."""
    before, begin = families.cpu_of(programs), time.monotonic()
    await asyncio.sleep(REST)
    after, took = families.cpu_of(programs), time.monotonic() - begin
    return {name: (after[name] - before[name]) / took for name in programs}


def _spent(programs: dict[str, int]) -> dict[str, float]:
    return families.cpu_of(programs) | {LOAD: families.load_cpu()}


def _plain(values: list[float]) -> tuple[Series, None, Reading]:
    return Series(tuple(values)), None, Reading.PLAIN
