"""P12: the time from a fact's append to its arrival at the clients of its account, with a thousand streams at one gateway."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from deploy.demo.client import Session
from deploy.local.tier import Tier
from services.common.contracts.lifecycle import RequestInAnalysis, State
from services.common.domain.identifiers import reference_of
from services.common.messaging import Publisher
from services.common.messaging.records.writer import outbox_entry
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.support.waiting import eventually

STREAMS: Final = 1_000
"""Open streams, spread over the accounts of the demonstration: a fact goes to all of its account."""

FACTS: Final = 200
"""Facts of one round."""

EVERY: Final = 0.05
"""Seconds between two facts."""

OPENED_AT_ONCE: Final = 50
STUCK_BUFFER: Final = 4_096
"""Bytes that the operating system holds for the client that reads nothing."""

_FACT: Final = re.compile(rb'"reference":"([^"]+)"')


@dataclass(slots=True)
class Arrivals:
    """When each fact was appended, by its request's reference, and the seconds until each client had it."""

    appended: dict[bytes, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)


class Listener(asyncio.Protocol):
    """Reads a stream."""

    def __init__(self, token: str, arrivals: Arrivals) -> None:
        self._token = token
        self._arrivals = arrivals
        self._rest = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_request(self._token))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.is_open = self.is_open or b"retry: " in data
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        self._arrivals.took += [now - self._arrivals.appended[each] for each in _FACT.findall(whole)]


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    arrivals, p99, p50, missing = Arrivals(), list[float](), list[float](), list[float]()
    async with bench_environment(tier, ["kafka", "mongo"], ["gateway"]) as bench:
        sessions = list((await bench.sessions()).values())
        async with _listeners(bench, sessions, arrivals) as expected, bench.publisher() as publisher:
            await _round(publisher, sessions, arrivals)
            for _ in range(rounds):
                arrivals.took.clear()
                await _round(publisher, sessions, arrivals)
                missing.append(sum(expected[each.account_id] for _, each in _turns(sessions)) - len(arrivals.took))
                p50.append(quantile(arrivals.took, 0.5) * 1e3)
                p99.append(quantile(arrivals.took, 0.99) * 1e3)
    what = f"fact to client, {STREAMS:,} streams".replace(",", " ")
    return [
        Figure("P12", f"{what}, p99", "ms", Series(tuple(p99)), None, Comparison.VALUE, 250),
        Figure("P12", f"{what}, p50", "ms", Series(tuple(p50)), None, Comparison.VALUE, None),
        Figure("P12", "facts that did not arrive", "", Series(tuple(missing)), None, Comparison.VALUE, 0),
    ]


def _turns(sessions: Sequence[Session]) -> list[tuple[int, Session]]:
    """The number of each fact of a round, and the account that it goes to."""
    return list(zip(range(FACTS), cycle(sessions), strict=False))


async def _round(publisher: Publisher, sessions: Sequence[Session], arrivals: Arrivals) -> None:
    """Append the facts at their pace, and wait until the last ones have arrived."""
    start = time.perf_counter()
    for number, session in _turns(sessions):
        await asyncio.sleep(max(0.0, start + number * EVERY - time.perf_counter()))
        await _append(publisher, session.account_id, arrivals)
    seen = -1

    async def quiet() -> bool:
        nonlocal seen
        before, seen = seen, len(arrivals.took)
        return before == seen

    await eventually(quiet, within=30, every=1.0)


async def _append(publisher: Publisher, account_id: UUID, arrivals: Arrivals) -> None:
    request_id, at = uuid4(), datetime.now(UTC)
    reference = reference_of(request_id)
    fact = RequestInAnalysis(
        request_id=request_id,
        reference=reference,
        account_id=account_id,
        occurred_at=at,
        seq=1,
        state=State.IN_ANALYSIS,
        department="pf",
    )
    name = str(request_id)
    entry = outbox_entry(fact, id=name, source="bench", cause=name, correlation=name, at=at, traceparent=None)
    arrivals.appended[reference.encode()] = time.perf_counter()
    await publisher.send([entry])


@asynccontextmanager
async def _listeners(
    bench: BenchEnvironment, sessions: Sequence[Session], arrivals: Arrivals
) -> AsyncIterator[dict[UUID, int]]:
    """Open streams, and one more that reads nothing; yields the number of each account's streams that read."""
    host, _, port = urlsplit(bench.url("gateway")).netloc.partition(":")
    loop, listeners = asyncio.get_running_loop(), list[Listener]()
    owners = [session for _, session in zip(range(STREAMS), cycle(sessions), strict=False)]
    async with AsyncExitStack() as stack:
        stack.enter_context(_stuck(host, int(port), sessions[0].token))
        for owner in owners:
            transport, listener = await loop.create_connection(
                partial(Listener, owner.token, arrivals), host, int(port)
            )
            stack.callback(transport.close)
            listeners.append(listener)
            if len(listeners) % OPENED_AT_ONCE == 0:
                await eventually(partial(_all_open, listeners), within=60)
        yield {each.account_id: sum(owner.account_id == each.account_id for owner in owners) for each in sessions}


async def _all_open(listeners: Sequence[Listener]) -> bool:
    return all(each.is_open for each in listeners)


def _stuck(host: str, port: int, token: str) -> socket.socket:
    """The connection of a client that reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STUCK_BUFFER)
    connection.connect((host, port))
    connection.sendall(_request(token))
    return connection


def _request(token: str) -> bytes:
    return f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
