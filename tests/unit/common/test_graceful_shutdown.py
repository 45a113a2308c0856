"""Graceful shutdown: readiness fails, responses close their connections, and only then the listener closes."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.common.http.middleware import RequestMiddleware
from services.common.runtime.graceful_shutdown import DrainingServer
from services.common.runtime.process import Process
from services.common.runtime.server import public_config
from tests.support.serving import port_of, running, serving_internally, settings
from tests.support.waiting import eventually

DRAIN = 1.0


@pytest.fixture
def go_on() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def app(go_on: asyncio.Event) -> FastAPI:
    app = Process("stopping").app()
    app.add_middleware(RequestMiddleware)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.get("/slow")
    async def slow() -> str:
        await go_on.wait()
        return "at last"

    return app


@pytest_asyncio.fixture(loop_scope="session")
async def server(app: FastAPI) -> AsyncIterator[DrainingServer]:
    async with serving_internally(app, settings(), DRAIN) as server:
        yield server


def client(server: DrainingServer) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port_of(server)}", trust_env=False)


async def test_requests_are_still_served_while_readiness_fails_and_then_the_listener_closes(
    server: DrainingServer,
) -> None:
    port = port_of(server)
    async with client(server) as http:

        async def ready() -> bool:
            return (await http.get("/health/ready")).status_code == 200

        await eventually(ready)
        assert "connection" not in (await http.get("/hello")).headers
        server.should_exit = True

        async def not_ready() -> bool:
            answer = await http.get("/health/ready")
            return answer.status_code == 503 and answer.json()["because"] == ["draining"]

        await eventually(not_ready)
        answer = await http.get("/hello")
        assert (answer.json(), answer.headers["connection"]) == ("hello", "close")
        assert (await http.get("/health/live")).status_code == 200

        # On a new connection: an idle one may be closed at the moment when a request is sent on it.
        async def closed() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                # Refused; or reset, if the listener closed before it accepted the connection.
                return True
            writer.close()
            return False

        await eventually(closed)


async def test_a_request_in_progress_is_answered_before_the_process_stops(
    server: DrainingServer, go_on: asyncio.Event
) -> None:
    async with client(server) as http:
        response = asyncio.create_task(http.get("/slow"))

        async def in_progress() -> bool:
            return bool(server.server_state.tasks)

        await eventually(in_progress)
        server.should_exit = True

        async def closed() -> bool:
            return not server.servers[0].sockets

        await eventually(closed)
        go_on.set()
        assert (await response).json() == "at last"


async def test_readiness_fails_on_the_internal_listener_while_the_public_one_drains(app: FastAPI) -> None:
    async with serving_internally(app, settings()) as internal, client(internal) as probe:
        public = DrainingServer(public_config(app, settings()), DRAIN, internal)
        async with running(public), client(public) as http:

            async def ready() -> bool:
                return (await probe.get("/health/ready")).status_code == 200

            await eventually(ready)
            public.should_exit = True

            async def not_ready() -> bool:
                return (await probe.get("/health/ready")).status_code == 503

            await eventually(not_ready)
            assert (await http.get("/hello")).headers["connection"] == "close"
        assert (await probe.get("/health/live")).status_code == 200
