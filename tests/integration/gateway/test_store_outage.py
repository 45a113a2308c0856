"""The store is absent or frozen: requests that need it get 503 in time, with either driver, and texts are filed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

import httpx2
import pytest

from deploy.local.table import internal_name
from services.common.store import Driver
from tests.integration.gateway.gateway_environment import BODY, PASSWORD, GatewayEnvironment, Person
from tests.integration.gateway.test_documents import PDF
from tests.support.proxy import Manners, Proxy
from tests.support.waiting import eventually

ANSWERED_WITHIN: Final = 3.0
READERS: Final = 12
"""Concurrent reads of each kind: together more than Motor has threads and a client has connections."""

Outage = Callable[[GatewayEnvironment], AbstractAsyncContextManager[None]]

drivers = pytest.mark.parametrize("driver", ["motor", "pymongo"])


@asynccontextmanager
async def frozen(gateway: GatewayEnvironment) -> AsyncIterator[None]:
    with gateway.frozen("mongo"):
        yield


@asynccontextmanager
async def stopped(gateway: GatewayEnvironment) -> AsyncIterator[None]:
    await gateway.stack.stop("mongo")
    try:
        yield
    finally:
        await gateway.stack.restart("mongo")


async def all_timed(calls: Iterable[Awaitable[httpx2.Response]]) -> list[tuple[httpx2.Response, float]]:
    """Each answer, and the seconds it took."""

    async def timed(call: Awaitable[httpx2.Response]) -> tuple[httpx2.Response, float]:
        started = time.monotonic()
        return await call, time.monotonic() - started

    return await asyncio.gather(*map(timed, calls))


def summary(answer: httpx2.Response) -> str:
    return f"{answer.request.method} {answer.url.path}: {answer.status_code}"


@pytest.mark.parametrize("outage", [frozen, stopped])
@drivers
async def test_requests_that_need_the_store_are_503_in_time_and_texts_are_filed(
    gateway: GatewayEnvironment, person: Person, other: Person, driver: Driver, outage: Outage
) -> None:
    name = f"gateway-{driver}-{outage.__name__}"
    async with gateway.replica(name, MONGO_DRIVER=driver) as http:
        http.timeout = httpx2.Timeout(20)
        cached, uncached = replace(person, http=http), replace(other, http=http)
        document = (await cached.send(PDF)).json()["document_id"]
        reference = (await cached.file()).json()["reference"]
        # From here on the replica has the first person's session in its cache, and connections to the store.
        assert (await cached.get("/v1/requests")).status_code == 200
        async with outage(gateway):
            calls = [
                http.post("/v1/sessions", json={"niss": person.niss, "password": PASSWORD}),
                cached.file(BODY | {"documents": [document]}),
                cached.act(reference, "messages", {"text": "Falta um papel.", "documents": [document]}),
                cached.get(f"/v1/documents/{document}"),
                *(cached.get(f"/v1/requests/{reference}") for _ in range(READERS)),
                *(cached.get("/v1/requests") for _ in range(READERS)),
                *(uncached.get("/v1/requests") for _ in range(READERS)),
            ]
            texts = [cached.file() for _ in range(READERS)]
            answers, filed = await asyncio.gather(all_timed(calls), all_timed(texts))
            exit_status, _, errors = await gateway.accounts(gateway.line())
            live_status = await health(gateway, name, "live")
        assert [answer.status_code for answer, _ in filed] == [201] * READERS
        assert [summary(answer) for answer, _ in answers if answer.status_code != 503] == []
        assert [summary(answer) for answer, _ in answers if int(answer.headers["retry-after"]) < 1] == []
        assert [(summary(answer), took) for answer, took in answers if took > ANSWERED_WITHIN] == []
        assert live_status == 200
        assert (exit_status, errors.startswith("postigo: The gateway could not do it (HTTP 503)")) == (1, True)
        await eventually(partial(lists, uncached))


@drivers
async def test_a_gateway_started_without_the_store_is_503_in_time_and_recovers_with_it(
    gateway: GatewayEnvironment, person: Person, driver: Driver
) -> None:
    async with Proxy(gateway.stack.env["MONGO_URL"]) as proxy:
        proxy.behave(Manners(deaf=True))
        about = {"MONGO_URL": f"mongodb://127.0.0.1:{proxy.port}", "MONGO_DRIVER": driver}
        name = f"gateway-{driver}-without"
        async with gateway.replica(name, live, **about) as http:
            http.timeout = httpx2.Timeout(20)
            client = replace(person, http=http)
            answers = await all_timed([client.file(), *(client.get("/v1/requests") for _ in range(READERS))])
            assert {answer.status_code for answer, _ in answers} == {503}
            assert max(took for _, took in answers) <= ANSWERED_WITHIN
            assert await health(gateway, name, "ready") == 503
            proxy.mend()
            await eventually(partial(lists, client))


async def health(gateway: GatewayEnvironment, name: str, probe: str) -> int:
    """The status of a probe on the internal listener of the replica `name`."""
    url = f"http://127.0.0.1:{gateway.stack.port(internal_name(name, 'gateway'))}"
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        return (await http.get(f"/health/{probe}")).status_code


async def live(port: int) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        (await http.get(f"http://127.0.0.1:{port}/health/live")).raise_for_status()


async def lists(person: Person) -> bool:
    return (await person.get("/v1/requests")).status_code == 200
