"""Concurrent uploads: a slow client blocks no thread, and the number of uploads bounds the memory."""

import asyncio
import hashlib
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
from tests.integration.documents.documents_environment import DocumentsEnvironment, pdf


@asynccontextmanager
async def uploads(environment: DocumentsEnvironment, *, threads: int = 1, limit: int = 8) -> AsyncIterator[Uploads]:
    variables = {name.lower(): value for name, value in environment.env.items()}
    bucket = Bucket(Settings.model_validate(variables | {"s3_connections": threads}))
    yield Uploads(environment.files, bucket, limit)
    bucket.close()


def upload(document_id: UUID) -> Upload:
    return Upload(document_id, uuid4(), "r.pdf")


class Chunks:
    """A body of these pieces, which ends after `then`, or by raising `error`."""

    def __init__(self, *pieces: bytes, then: asyncio.Event | None = None, error: Exception | None = None) -> None:
        self._pieces = pieces
        self._then = then
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._then is not None:
            await self._then.wait()
        if self._error is not None:
            raise self._error

    @property
    def sha256(self) -> str:
        return hashlib.sha256(b"".join(self._pieces)).hexdigest()


async def test_a_slow_client_does_not_block_a_thread(environment: DocumentsEnvironment) -> None:
    slow_id, resume = uuid4(), asyncio.Event()
    async with uploads(environment, threads=1) as receiver:
        slow = asyncio.create_task(receiver.receive(upload(slow_id), Chunks(pdf(PART + 1), then=resume)))
        quick, created = await receiver.receive(upload(uuid4()), Chunks(pdf()))
        assert (quick.state, created, slow.done()) == ("stored", True, False)
        resume.set()
        assert (await slow)[0].state == "stored"


async def test_a_client_that_disconnects_while_a_part_is_in_flight_leaves_nothing(
    environment: DocumentsEnvironment,
) -> None:
    document_id = uuid4()
    async with uploads(environment) as receiver:
        with pytest.raises(ConnectionResetError):
            await receiver.receive(upload(document_id), Chunks(pdf(PART), bytes(PART), error=ConnectionResetError()))
    assert await environment.unfinished_uploads(document_id) == []
    assert await environment.objects(document_id) == {}


async def test_an_upload_that_is_cancelled_leaves_nothing(environment: DocumentsEnvironment) -> None:
    """Cancelled at every moment: before, between and while its parts are sent, and while it is completed."""
    async with uploads(environment) as receiver:
        for steps in range(0, 100, 10):
            document_id = uuid4()
            task = asyncio.create_task(receiver.receive(upload(document_id), Chunks(pdf(PART), bytes(PART), b"end")))
            for _ in range(steps):
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.wait([task])
            objects = await environment.objects(document_id)
            file = await environment.files.find(document_id)
            assert await environment.unfinished_uploads(document_id) == []
            if not task.cancelled():
                assert file is not None
            assert (file is not None) == (len(objects) == 1) or await environment.pending_uploads(document_id) == 1


async def test_an_upload_above_the_limit_is_answered_with_retry_after(environment: DocumentsEnvironment) -> None:
    resume = asyncio.Event()
    async with uploads(environment, limit=1) as receiver:
        app = add_api(FastAPI(), Services(environment.files, receiver), environment.secret)
        first = asyncio.create_task(receiver.receive(upload(uuid4()), Chunks(pdf(), then=resume)))
        await asyncio.sleep(0)
        path = f"/internal/documents/{uuid4()}"
        about = {"Postigo-Owner": str(uuid4()), "Content-Type": "application/pdf"}
        headers, content = await environment.signed_upload(path, pdf(), about)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://documents") as http:
            busy = await http.put(path, content=content, headers=headers)
            resume.set()
            await first
            after = await http.put(path, content=content, headers=headers)
    assert (busy.status_code, busy.headers["retry-after"], after.status_code) == (503, "2", 201)


async def test_a_refused_upload_does_not_count_for_the_limit(environment: DocumentsEnvironment) -> None:
    async with uploads(environment, limit=1) as receiver:
        for _ in range(3):
            with pytest.raises(WrongType):
                await receiver.receive(upload(uuid4()), Chunks(b"no such type"))
        assert (await receiver.receive(upload(uuid4()), Chunks(pdf())))[1]
