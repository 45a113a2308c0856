"""An ASGI application on a port of this machine, served as every process serves its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from services.common.process import listening
from services.common.settings import Settings
from services.common.web.leaving import Server
from tests.support.waiting import eventually


def settings(**changes: str) -> Settings:
    told = {"kafka_url": "nowhere", "mongo_url": "nowhere", "postigo_internal_secret": "s" * 32}
    return Settings.model_validate({**told, "http_port": 0, **changes})


@asynccontextmanager
async def serving(app: ASGIApp, told: Settings) -> AsyncIterator[int]:
    """The port that `app` answers on until the block is left."""
    async with served(app, told) as server:
        yield server.servers[0].sockets[0].getsockname()[1]


@asynccontextmanager
async def served(app: ASGIApp, told: Settings, drain: float = 0) -> AsyncIterator[Server]:
    """The server of `app`, told to leave when the block is left, if not before."""
    server = Server(uvicorn.Config(app, **listening(told)), drain)
    # The tests' own signals stay their own.
    running = asyncio.create_task(server._serve())
    try:

        async def started() -> bool:
            assert not running.done(), "the server ended"
            return server.started

        await eventually(started)
        yield server
    finally:
        server.should_exit = True
        await running


async def said(port: int, *parts: bytes, half_close: bool = False) -> bytes:
    """Everything that is answered to bytes sent as they are, until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    if half_close:
        writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer
