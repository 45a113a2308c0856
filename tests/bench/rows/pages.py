"""P9: the page of a request whose timeline has fifty entries, beside the same data as JSON."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import uuid4

import httpx2

from deploy.demo.client import Session
from deploy.local.tier import Tier
from gateway.accounts.session_cookie import SESSION_COOKIE
from services.common.contracts.lifecycle import LifecycleFact, MessageAdded, RequestInAnalysis, State
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.writer import outbox_entry
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.timing import timed
from tests.support.waiting import eventually

ENTRIES: Final = 50
READS: Final = 200
"""Reads of one side in one round, one after another."""

TURNS: Final = 10
PAGE: Final = "page"
JSON: Final = "json"

Read = Callable[[], Awaitable[int]]
"""Returns the number of bytes."""


async def latency(tier: Tier, rounds: int) -> list[Figure]:
    p99: Mapping[str, list[float]] = {PAGE: [], JSON: []}
    async with bench_environment(tier, ["kafka", "mongo"], ["gateway", "gateway-worker"]) as bench:
        session = next(iter((await bench.sessions()).values()))
        reference = await _request_with_history(bench, session)
        async with httpx2.AsyncClient(base_url=bench.url("gateway"), trust_env=False) as http:
            sides = {PAGE: partial(_page, http, session, reference), JSON: partial(_json, http, session, reference)}

            async def is_complete() -> bool:
                return f"Mensagem {ENTRIES - 1}".encode() in (await _get_page(http, session, reference)).content

            await eventually(is_complete, within=60)
            for read in sides.values():
                await timed(read, READS)
            for _ in range(rounds):
                took: Mapping[str, list[float]] = {PAGE: [], JSON: []}
                for _ in range(TURNS):
                    for side, read in sides.items():
                        took[side].extend(await timed(read, READS // TURNS))
                for side, seconds in took.items():
                    p99[side].append(quantile(seconds, 0.99) * 1e3)
            size = float(await sides[PAGE]())
    what = f"page of a request with {ENTRIES} entries"
    return [
        Figure("P9", f"{what}, p99", "ms", Series(tuple(p99[PAGE])), None, Comparison.VALUE, 50),
        Figure("P9", "the same as JSON, p99", "ms", Series(tuple(p99[JSON])), None, Comparison.VALUE, None),
        Figure("P9", f"{what}, HTML alone", "kB", Series((size / 1e3,)), None, Comparison.VALUE, 150),
    ]


async def _get_page(http: httpx2.AsyncClient, session: Session, reference: str) -> httpx2.Response:
    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={session.token}"}
    answer = await http.get(f"/pedidos/{reference}", headers=headers)
    return answer if answer.status_code == 404 else answer.raise_for_status()


async def _page(http: httpx2.AsyncClient, session: Session, reference: str) -> int:
    return len((await _get_page(http, session, reference)).content)


async def _json(http: httpx2.AsyncClient, session: Session, reference: str) -> int:
    """What the page shows: the request and its timeline."""
    headers = {"Authorization": f"Bearer {session.token}"}
    answers = [await http.get(f"/v1/requests/{reference}{part}", headers=headers) for part in ("", "/timeline")]
    return sum(len(answer.raise_for_status().content) for answer in answers)


async def _request_with_history(bench: BenchEnvironment, session: Session) -> str:
    """Publish the facts of a request, as intake does. Returns its reference."""
    request_id, at = uuid4(), datetime.now(UTC)
    reference = reference_of(request_id)
    names = {"request_id": request_id, "reference": reference, "account_id": session.account_id, "occurred_at": at}
    facts: list[LifecycleFact] = [RequestInAnalysis(**names, seq=1, state=State.IN_ANALYSIS, department="pf")]
    facts += [
        MessageAdded(**names, seq=seq, state=State.IN_ANALYSIS, act_id=str(uuid4()), text=f"Mensagem {seq}: bom dia.")
        for seq in range(2, ENTRIES)
    ]
    async with bench.publisher() as publisher:
        for fact in facts:
            name = str(uuid4())
            entry = outbox_entry(fact, id=name, source="bench", cause=name, correlation=name, at=at, traceparent=None)
            await publisher.send([entry])
    return reference
