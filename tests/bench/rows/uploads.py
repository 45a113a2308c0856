"""P8 and P10: files through the gateway, beside the store's own client; and how long they keep everybody else waiting."""

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
from tests.bench.figures import Figure, Reading, Series
from tests.bench.ground import Ground, ground
from tests.bench.watch import forget_peak, peak_mib, resident_mib

MIB: Final = 1024 * 1024
FILE: Final = b"%PDF-1.7\n" + bytes(12 * MIB)
AT_ONCE: Final = 4
IDLE: Final = 2.0
"""Seconds of looking at processes that have nothing to do."""

BUCKET: Final = "bench"
PROCESSES: Final = ("gateway", "documents")
LIVE: Final = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LOOK_EVERY: Final = 0.002


@asynccontextmanager
async def place_and_session(tier: Tier) -> AsyncIterator[tuple[Ground, Session]]:
    async with ground(tier, ["kafka", "mongo", "s3"], ["documents", "gateway"]) as place:
        sessions = await place.sessions(place.url("gateway"))
        session = next(iter(sessions.values()))
        await _uploads(place, session)
        yield place, session


async def throughput(tier: Tier, rounds: int) -> list[Figure]:
    ours: list[float] = []
    bare: list[float] = []
    added: dict[str, list[float]] = {name: [] for name in PROCESSES}
    async with place_and_session(tier) as (place, session):
        client = _client(place)
        await asyncio.to_thread(client.make_bucket, BUCKET)
        for _ in range(rounds):
            begin = time.perf_counter()
            for _ in range(AT_ONCE):
                await asyncio.to_thread(_put, client)
            bare.append(AT_ONCE * len(FILE) / MIB / (time.perf_counter() - begin))
            begin = time.perf_counter()
            for _ in range(AT_ONCE):
                await _upload(place, session)
            ours.append(AT_ONCE * len(FILE) / MIB / (time.perf_counter() - begin))
            for name, grown in added.items():
                grown.append(await _grown(place, session, name))
    speed = Figure("P8", "upload", "MiB/s", Series(tuple(ours)), Series(tuple(bare)), Reading.TIMES, 0.6, at_least=True)
    limit = 20 + 12 * AT_ONCE
    what = f"memory that {AT_ONCE} uploads add to"
    return [
        speed,
        *(
            Figure("P8", f"{what} {name}", "MiB", Series(tuple(grown)), None, Reading.PLAIN, limit)
            for name, grown in added.items()
        ),
    ]


async def stalls(tier: Tier, rounds: int) -> list[Figure]:
    """The longest that a look from outside had to wait, of which each comes 2 ms after the last."""
    idle: dict[str, list[float]] = {name: [] for name in PROCESSES}
    busy: dict[str, list[float]] = {name: [] for name in PROCESSES}
    async with place_and_session(tier) as (place, session):
        for _ in range(rounds):
            for name in PROCESSES:
                idle[name].append(await _longest_wait(place, name, asyncio.sleep(IDLE)))
                busy[name].append(await _longest_wait(place, name, _uploads(place, session)))
    return [
        Figure("P10", f"longest wait, {name}, idle", "ms", Series(tuple(idle[name])), None, Reading.PLAIN, None)
        for name in PROCESSES
    ] + [
        Figure(
            "P10", f"longest wait, {name}, {AT_ONCE} uploads", "ms", Series(tuple(busy[name])), None, Reading.PLAIN, 25
        )
        for name in PROCESSES
    ]


async def _grown(place: Ground, session: Session, name: str) -> float:
    """How much more memory the process held at most than before."""
    pid = place.pid(name)
    forget_peak(pid)
    before = resident_mib(pid)
    await _uploads(place, session)
    return peak_mib(pid) - before


async def _longest_wait(place: Ground, name: str, work: Coroutine[Any, Any, None]) -> float:
    caller, longest = await Caller.to(place.url(name)), 0.0
    task = asyncio.create_task(work)
    try:
        while not task.done():
            begin = time.perf_counter()
            await caller.ask(LIVE)
            longest = max(longest, time.perf_counter() - begin)
            await asyncio.sleep(LOOK_EVERY)
        await task
    finally:
        caller.close()
    return longest * 1e3


async def _uploads(place: Ground, session: Session) -> None:
    await asyncio.gather(*(_upload(place, session) for _ in range(AT_ONCE)))


async def _upload(place: Ground, session: Session) -> None:
    await asyncio.to_thread(_send, place.url("gateway"), session.token)


def _send(url: str, token: str) -> None:
    """In a thread, so that whoever looks meanwhile is not kept waiting by the bench itself."""
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
        raise AssertionError(f"an upload was answered {status}")


def _client(place: Ground) -> Minio:
    env = place.env
    address = urlsplit(env["S3_URL"]).netloc
    return Minio(address, env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"], secure=False, region="us-east-1")


def _put(client: Minio) -> None:
    client.put_object(BUCKET, uuid4().hex, io.BytesIO(FILE), len(FILE), content_type="application/pdf")
