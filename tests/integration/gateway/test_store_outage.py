"""The store is absent or frozen: whatever needs it is told so in time, with either driver, and a text is filed."""

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
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.town import BODY, PASSWORD, Person, Town
from tests.support.proxy import Manners, Proxy
from tests.support.waiting import eventually

ANSWERED_WITHIN: Final = 3.0
READERS: Final = 12
"""Of each kind, at once: all together more than Motor has threads and a client has connections."""

Outage = Callable[[Town], AbstractAsyncContextManager[None]]

drivers = pytest.mark.parametrize("driver", ["motor", "pymongo"])


@asynccontextmanager
async def frozen(town: Town) -> AsyncIterator[None]:
    with town.frozen("mongo"):
        yield


@asynccontextmanager
async def stopped(town: Town) -> AsyncIterator[None]:
    await town.stack.stop("mongo")
    try:
        yield
    finally:
        await town.stack.restart("mongo")


async def all_timed(asked: Iterable[Awaitable[httpx2.Response]]) -> list[tuple[httpx2.Response, float]]:
    """Each answer, and the seconds that it took."""

    async def timed(asking: Awaitable[httpx2.Response]) -> tuple[httpx2.Response, float]:
        begun = time.monotonic()
        return await asking, time.monotonic() - begun

    return await asyncio.gather(*map(timed, asked))


def where(answer: httpx2.Response) -> str:
    return f"{answer.request.method} {answer.url.path}: {answer.status_code}"


@pytest.mark.parametrize("outage", [frozen, stopped])
@drivers
async def test_what_needs_the_store_is_told_to_come_back_in_time_and_a_text_is_filed(
    gateway: Town, person: Person, other: Person, driver: Driver, outage: Outage
) -> None:
    name = f"gateway-{driver}-{outage.__name__}"
    async with gateway.replica(name, MONGO_DRIVER=driver) as http:
        http.timeout = httpx2.Timeout(20)
        there, stranger = replace(person, http=http), replace(other, http=http)
        document = (await there.send(PDF)).json()["document_id"]
        reference = (await there.file()).json()["reference"]
        # From here on the replica knows the person's session, and has connections to the store.
        assert (await there.get("/v1/requests")).status_code == 200
        async with outage(gateway):
            asked = [
                http.post("/v1/sessions", json={"niss": person.niss, "password": PASSWORD}),
                there.file(BODY | {"documents": [document]}),
                there.act(reference, "messages", {"text": "Falta um papel.", "documents": [document]}),
                there.get(f"/v1/documents/{document}"),
                *(there.get(f"/v1/requests/{reference}") for _ in range(READERS)),
                *(there.get("/v1/requests") for _ in range(READERS)),
                *(stranger.get("/v1/requests") for _ in range(READERS)),
            ]
            texts = [there.file() for _ in range(READERS)]
            answers, filed = await asyncio.gather(all_timed(asked), all_timed(texts))
            imported, _, complaint = await gateway.accounts(gateway.line())
            alive = await health(gateway, name, "live")
        assert [answer.status_code for answer, _ in filed] == [201] * READERS
        assert [where(answer) for answer, _ in answers if answer.status_code != 503] == []
        assert [where(answer) for answer, _ in answers if int(answer.headers["retry-after"]) < 1] == []
        assert [(where(answer), took) for answer, took in answers if took > ANSWERED_WITHIN] == []
        assert alive == 200
        assert (imported, complaint.startswith("Accounts not created: store is unavailable")) == (1, True)
        await eventually(partial(lists, stranger))


@drivers
async def test_a_gateway_started_without_a_store_says_so_in_time_and_works_once_there_is_one(
    gateway: Town, person: Person, driver: Driver
) -> None:
    async with Proxy(gateway.stack.env["MONGO_URL"]) as proxy:
        proxy.behave(Manners(deaf=True))
        about = {"MONGO_URL": f"mongodb://127.0.0.1:{proxy.port}", "MONGO_DRIVER": driver}
        name = f"gateway-{driver}-without"
        async with gateway.replica(name, live, **about) as http:
            http.timeout = httpx2.Timeout(20)
            there = replace(person, http=http)
            answers = await all_timed([there.file(), *(there.get("/v1/requests") for _ in range(READERS))])
            assert {answer.status_code for answer, _ in answers} == {503}
            assert max(took for _, took in answers) <= ANSWERED_WITHIN
            assert await health(gateway, name, "ready") == 503
            proxy.mend()
            await eventually(partial(lists, there))


async def health(gateway: Town, name: str, probe: str) -> int:
    """The status that the internal listener of the replica `name` answers a probe with."""
    url = f"http://127.0.0.1:{gateway.stack.port(internal_name(name, 'gateway'))}"
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        return (await http.get(f"/health/{probe}")).status_code


async def live(port: int) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        (await http.get(f"http://127.0.0.1:{port}/health/live")).raise_for_status()


async def lists(person: Person) -> bool:
    return (await person.get("/v1/requests")).status_code == 200
