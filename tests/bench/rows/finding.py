"""P13: lists and searches of own requests, beside one request read by its reference, with a million requests stored."""

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2

from deploy.demo.client import Session
from deploy.local.tier import Tier
from gateway.requests.search_text import search_text
from gateway.requests.store import ViewStore
from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import reference_of
from services.common.store import connect, database, disconnect
from tests.bench.environment import BenchEnvironment, bench_environment
from tests.bench.figures import Comparison, Figure, Series, quantile
from tests.bench.timing import timed

STORED: Final = 1_000_000
MANY: Final = 5_000
FEW: Final = 50
PER_ACCOUNT: Final = 20
"""Requests of each other account."""

BATCH: Final = 5_000
READS: Final = 100
"""Reads of one side in one round, one after another."""

TEXTS: Final = (
    "O abono de família de novembro não foi pago. Mudei de banco em outubro e já comuniquei o novo IBAN.",
    "Preciso de saber em que ponto está o meu pedido de pensão de velhice, que fiz há três meses.",
    "A declaração de remunerações de março tem um erro no número de dias de dois trabalhadores.",
    "Recebi uma carta a pedir a devolução de valores do subsídio de desemprego e não percebo porquê.",
)
STATES: Final = (State.IN_ANALYSIS, State.CONCLUDED, State.CONCLUDED, State.ANSWERED)

Read = Callable[[], Awaitable[None]]


async def reads(tier: Tier, rounds: int) -> list[Figure]:
    async with bench_environment(tier, ["kafka", "mongo"], ["gateway"]) as bench:
        sessions = await bench.sessions()
        many, few = sessions["amelia"], sessions["ines"]
        reference = await _fill(bench, many.account_id, few.account_id)
        async with httpx2.AsyncClient(base_url=bench.url("gateway"), trust_env=False, timeout=30) as http:
            sides = {
                "one request by its reference": partial(_get, http, many, f"/v1/requests/{reference}"),
                f"list of an account of {FEW}": partial(_get, http, few, "/v1/requests"),
                f"list of an account of {MANY:,}": partial(_get, http, many, "/v1/requests"),
                f"the same in one state, of {MANY:,}": partial(_get, http, many, "/v1/requests?state=answered"),
                f"search for a frequent word, of {MANY:,}": partial(_get, http, many, "/v1/requests?q=abono"),
                f"search for a word that is nowhere, of {MANY:,}": partial(_get, http, many, "/v1/requests?q=xilofone"),
                f"numbers per state, of {MANY:,}": partial(_get, http, many, "/v1/requests/counts"),
            }
            p99 = await _measure(sides, rounds)
    return [
        Figure("P13", f"{what}, p99", "ms", Series(tuple(values)), None, Comparison.VALUE, None)
        for what, values in p99.items()
    ]


async def _measure(sides: Mapping[str, Read], rounds: int) -> Mapping[str, list[float]]:
    p99: Mapping[str, list[float]] = {name: [] for name in sides}
    for read in sides.values():
        await timed(read, READS // 5)
    for _ in range(rounds):
        for name, read in sides.items():
            p99[name].append(quantile(await timed(read, READS), 0.99) * 1e3)
    return p99


async def _get(http: httpx2.AsyncClient, session: Session, path: str) -> None:
    (await http.get(path, headers={"Authorization": f"Bearer {session.token}"})).raise_for_status()


async def _fill(bench: BenchEnvironment, many: UUID, few: UUID) -> str:
    """Insert the views straight, as the worker stores them. Returns a reference of the account with many."""
    client = connect(bench.env["MONGO_URL"])
    own = database(client, "postigo_gateway")
    await ViewStore(own).ensure_indexes()
    accounts = [many] * MANY + [few] * FEW
    accounts += [uuid4() for _ in range((STORED - len(accounts)) // PER_ACCOUNT) for _ in range(PER_ACCOUNT)]
    chosen = random.Random(13)
    newest = datetime.now(UTC)
    found = ""
    for start in range(0, len(accounts), BATCH):
        documents = [_document(account, newest, chosen) for account in accounts[start : start + BATCH]]
        found = found or documents[0]["_id"]
        await own["request_views"].insert_many(documents, ordered=False)
    await disconnect(client)
    return found


def _document(account: UUID, newest: datetime, chosen: random.Random) -> dict[str, Any]:
    request_id = uuid4()
    at = newest - timedelta(seconds=chosen.randrange(3 * 365 * 86_400))
    view = RequestView(
        account_id=account,
        filed_at=at,
        updated_at=at,
        request_id=request_id,
        reference=reference_of(request_id),
        state=chosen.choice(STATES),
        subject="FAM-01",
        reason="INF",
        catalogue_version=1,
        department="pf",
        description=chosen.choice(TEXTS),
    )
    view = view.model_copy(update={"search_text": search_text(view)})
    return {"_id": view.reference, "version": 1, "partition": 0, "state": view.model_dump()}
