"""Many uploads at a time: slow clients hold no thread, memory is set aside for so many and no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.documents.api import Services
from services.documents.app import add_api
from services.documents.content import WrongType
from services.documents.objects import PART, Bucket
from services.documents.settings import Settings
from services.documents.uploads import Upload, Uploads
from tests.integration.documents.desk import Desk, pdf


@asynccontextmanager
async def uploads(desk: Desk, *, threads: int = 1, at_once: int = 8) -> AsyncIterator[Uploads]:
    variables = {name.lower(): value for name, value in desk.env.items()}
    bucket = Bucket(Settings.model_validate(variables | {"s3_connections": threads}))
    yield Uploads(desk.files, bucket, at_once)
    bucket.close()


def upload(document_id: UUID) -> Upload:
    return Upload(document_id, uuid4(), "r.pdf", "application/pdf")


async def chunks(*pieces: bytes, then: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        await then.wait()


async def test_a_slow_client_holds_no_thread(desk: Desk) -> None:
    slow_id, go_on = uuid4(), asyncio.Event()
    async with uploads(desk, threads=1) as taking:
        slow = asyncio.create_task(taking.receive(upload(slow_id), chunks(pdf(PART + 1), then=go_on)))
        quick, made = await taking.receive(upload(uuid4()), chunks(pdf()))
        assert (quick.state, made, slow.done()) == ("stored", True, False)
        go_on.set()
        assert (await slow)[0].state == "stored"


async def test_a_client_that_fails_while_a_part_is_in_flight_leaves_nothing(desk: Desk) -> None:
    document_id = uuid4()

    async def failing() -> AsyncIterator[bytes]:
        yield pdf(PART)
        yield bytes(PART)
        raise ConnectionResetError

    async with uploads(desk) as taking:
        with pytest.raises(ConnectionResetError):
            await taking.receive(upload(document_id), failing())
    assert await desk.begun_uploads(document_id) == []
    assert await desk.objects(document_id) == {}


async def test_an_upload_that_is_cancelled_leaves_nothing(desk: Desk) -> None:
    """At every moment of it: before, between and while its parts are sent, and while it is completed."""
    async with uploads(desk) as taking:
        for steps in range(0, 100, 10):
            document_id = uuid4()
            task = asyncio.create_task(taking.receive(upload(document_id), chunks(pdf(PART), bytes(PART), b"end")))
            for _ in range(steps):
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.wait([task])
            objects = await desk.objects(document_id)
            file = await desk.files.find(document_id)
            assert await desk.begun_uploads(document_id) == []
            if not task.cancelled():
                assert file is not None
            assert (file is not None) == (len(objects) == 1) or await desk.noted_uploads(document_id) == 1


async def test_one_more_than_memory_allows_is_asked_to_come_back(desk: Desk) -> None:
    go_on = asyncio.Event()
    async with uploads(desk, at_once=1) as taking:
        app = add_api(FastAPI(), Services(desk.files, taking), desk.secret)
        first = asyncio.create_task(taking.receive(upload(uuid4()), chunks(pdf(), then=go_on)))
        await asyncio.sleep(0)
        path = f"/internal/documents/{uuid4()}"
        about = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf"}
        said = desk.signed("PUT", path, about=about)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://documents") as http:
            busy = await http.put(path, content=pdf(), headers=said)
            go_on.set()
            await first
            after = await http.put(path, content=pdf(), headers=said)
    assert (busy.status_code, busy.headers["retry-after"], after.status_code) == (503, "2", 201)


async def test_a_refused_upload_gives_its_place_back(desk: Desk) -> None:
    async with uploads(desk, at_once=1) as taking:
        for _ in range(3):
            with pytest.raises(WrongType):
                await taking.receive(upload(uuid4()), chunks(b"no such type"))
        assert (await taking.receive(upload(uuid4()), chunks(pdf())))[1]
