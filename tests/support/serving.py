"""Serves an ASGI application on a local port with the same server settings as our processes."""

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
    required = {"kafka_url": "nowhere", "mongo_url": "nowhere", "postigo_internal_secret": "s" * 32}
    return PublicListener.model_validate({**required, "http_port": 0, "internal_port": 0, **changes})


@asynccontextmanager
async def serving(app: ASGIApp, listener: PublicListener) -> AsyncIterator[int]:
    """Serve `app` inside the block; yield its port."""
    async with running(DrainingServer(public_config(app, listener))) as server:
        yield port_of(server)


@asynccontextmanager
async def serving_internally(app: ASGIApp, listener: PublicListener, drain: float = 0) -> AsyncIterator[DrainingServer]:
    """Serve `app` with its lifespan inside the block; yield its server, which exits at the end of the block at the latest."""
    async with running(DrainingServer(internal_config(app, listener), drain)) as server:
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
