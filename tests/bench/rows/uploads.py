"""P8 and P10: uploads through the gateway, beside the store's own client, and how long they delay other requests."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from minio import Minio

from deploy.demo.client import Session
from deploy.local.tier import Tier
from tests.bench.callers import Caller
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series
from tests.bench.process_stats import forget_peak, peak_mib, resident_mib

MIB: Final = 1024 * 1024
FILE: Final = b"%PDF-1.7\n" + bytes(12 * MIB)
AT_ONCE: Final = 4
IDLE: Final = 2.0
"""Seconds of probing idle processes."""

BUCKET: Final = "bench"
PROCESSES: Final = ("gateway", "documents")
LIVE: Final = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PROBE_EVERY: Final = 0.002


@asynccontextmanager
async def environment_and_session(tier: Tier) -> AsyncIterator[tuple[BenchEnvironment, Session]]:
    async with bench_environment(tier, ["kafka", "mongo", "s3"], ["documents", "gateway"]) as bench:
        sessions = await bench.sessions()
        session = next(iter(sessions.values()))
        await _uploads(bench, session)
        yield bench, session


async def throughput(tier: Tier, rounds: int) -> list[Figure]:
    ours: list[float] = []
    bare: list[float] = []
    added: dict[str, list[float]] = {name: [] for name in PROCESSES}
    async with environment_and_session(tier) as (bench, session):
        client = _client(bench)
        await asyncio.to_thread(client.make_bucket, BUCKET)
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(AT_ONCE):
                await asyncio.to_thread(_put, client)
            bare.append(AT_ONCE * len(FILE) / MIB / (time.perf_counter() - start))
            start = time.perf_counter()
            for _ in range(AT_ONCE):
                await _upload(bench, session)
            ours.append(AT_ONCE * len(FILE) / MIB / (time.perf_counter() - start))
            for name, grown in added.items():
                grown.append(await _grown(bench, session, name))
    speed = Figure(
        "P8",
        "upload",
        "MiB/s",
        Series(tuple(ours)),
        Series(tuple(bare)),
        Comparison.OURS_BY_BASELINE,
        0.6,
        at_least=True,
    )
    limit = 20 + 12 * AT_ONCE
    what = f"memory that {AT_ONCE} uploads add to"
    return [
        speed,
        *(
            Figure("P8", f"{what} {name}", "MiB", Series(tuple(grown)), None, Comparison.VALUE, limit)
            for name, grown in added.items()
        ),
    ]


async def stalls(tier: Tier, rounds: int) -> list[Figure]:
    """The longest response time of a liveness probe that is sent every 2 ms."""
    idle: dict[str, list[float]] = {name: [] for name in PROCESSES}
    busy: dict[str, list[float]] = {name: [] for name in PROCESSES}
    async with environment_and_session(tier) as (bench, session):
        for _ in range(rounds):
            for name in PROCESSES:
                idle[name].append(await _longest_wait(bench, name, asyncio.sleep(IDLE)))
                busy[name].append(await _longest_wait(bench, name, _uploads(bench, session)))
    return [
        Figure("P10", f"longest wait, {name}, idle", "ms", Series(tuple(idle[name])), None, Comparison.VALUE, None)
        for name in PROCESSES
    ] + [
        Figure(
            "P10",
            f"longest wait, {name}, {AT_ONCE} uploads",
            "ms",
            Series(tuple(busy[name])),
            None,
            Comparison.VALUE,
            25,
        )
        for name in PROCESSES
    ]


async def _grown(bench: BenchEnvironment, session: Session, name: str) -> float:
    """Peak memory of the process during uploads, minus its memory before, in MiB."""
    pid = bench.pid(name)
    forget_peak(pid)
    before = resident_mib(pid)
    await _uploads(bench, session)
    return peak_mib(pid) - before


async def _longest_wait(bench: BenchEnvironment, name: str, work: Coroutine[Any, Any, None]) -> float:
    caller, longest = await Caller.to(bench.url(name)), 0.0
    task = asyncio.create_task(work)
    try:
        while not task.done():
            start = time.perf_counter()
            await caller.ask(LIVE)
            longest = max(longest, time.perf_counter() - start)
            await asyncio.sleep(PROBE_EVERY)
        await task
    finally:
        caller.close()
    return longest * 1e3


async def _uploads(bench: BenchEnvironment, session: Session) -> None:
    await asyncio.gather(*(_upload(bench, session) for _ in range(AT_ONCE)))


async def _upload(bench: BenchEnvironment, session: Session) -> None:
    await asyncio.to_thread(_send, bench.url("gateway"), session.token)


def _send(url: str, token: str) -> None:
    """Runs in a thread, so that the bench itself does not delay the probes."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": uuid4().hex,
        "Content-Type": "application/pdf",
    }
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("POST", "/v1/documents", FILE, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != HTTPStatus.CREATED:
        raise AssertionError(f"the status of an upload is {status}")


def _client(bench: BenchEnvironment) -> Minio:
    env = bench.env
    address = urlsplit(env["S3_URL"]).netloc
    return Minio(address, env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"], secure=False, region="us-east-1")


def _put(client: Minio) -> None:
    client.put_object(BUCKET, uuid4().hex, io.BytesIO(FILE), len(FILE), content_type="application/pdf")
