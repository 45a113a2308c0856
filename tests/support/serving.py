"""An ASGI application on a port of this machine, served as every process serves its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from services.common.runtime.graceful_shutdown import DrainingServer
from services.common.runtime.server import internal_config, public_config
from services.common.runtime.settings import PublicListener
from tests.support.waiting import eventually


def settings(**changes: str) -> PublicListener:
    told = {"kafka_url": "nowhere", "mongo_url": "nowhere", "postigo_internal_secret": "s" * 32}
    return PublicListener.model_validate({**told, "http_port": 0, "internal_port": 0, **changes})


@asynccontextmanager
async def serving(app: ASGIApp, told: PublicListener) -> AsyncIterator[int]:
    """The port that `app` answers on until the block is left."""
    async with running(DrainingServer(public_config(app, told))) as server:
        yield port_of(server)


@asynccontextmanager
async def serving_internally(app: ASGIApp, told: PublicListener, drain: float = 0) -> AsyncIterator[DrainingServer]:
    """The server of `app`, lifespan included, told to exit when the block is left, if not before."""
    async with running(DrainingServer(internal_config(app, told), drain)) as server:
        yield server


def port_of(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def running(server: DrainingServer) -> AsyncIterator[DrainingServer]:
    task = asyncio.create_task(server.serve())
    try:

        async def started() -> bool:
            assert not task.done(), "the server ended"
            return server.started

        await eventually(started)
        yield server
    finally:
        server.should_exit = True
        await task
