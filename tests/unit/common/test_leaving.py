"""Who leaves tells it first: readiness turns red, answers close their connections, and only then the door is shut."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from services.common.process import Process
from services.common.web.leaving import Server
from tests.support.serving import served, settings
from tests.support.waiting import eventually

DRAIN = 1.0


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def slow(request: Request) -> Response:
    await request.app.state.go_on.wait()
    return PlainTextResponse("at last")


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[Server]:
    process = Process("leaver")
    app: FastAPI = process.app()
    app.state.go_on = asyncio.Event()
    app.add_route("/hello", hello)
    app.add_route("/slow", slow)
    async with served(app, settings(), DRAIN) as made:
        made.config.app.state.go_on = app.state.go_on  # type: ignore[union-attr]
        yield made


def client(server: Server) -> httpx2.AsyncClient:
    port = server.servers[0].sockets[0].getsockname()[1]
    return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)


async def test_requests_are_served_on_while_readiness_is_red_and_then_the_door_is_shut(server: Server) -> None:
    async with client(server) as http:

        async def ready() -> bool:
            return (await http.get("/health/ready")).status_code == 200

        await eventually(ready)
        assert "connection" not in (await http.get("/hello")).headers
        server.should_exit = True

        async def red() -> bool:
            answer = await http.get("/health/ready")
            return answer.status_code == 503 and answer.json()["because"] == ["leaving"]

        await eventually(red)
        answer = await http.get("/hello")
        assert (answer.text, answer.headers["connection"]) == ("hello", "close")
        assert (await http.get("/health/live")).status_code == 200

        async def shut() -> bool:
            try:
                await http.get("/hello")
            except httpx2.ConnectError:
                return True
            return False

        await eventually(shut)


async def test_a_request_that_is_being_served_is_answered_before_the_process_ends(server: Server) -> None:
    async with client(server) as http:
        asked = asyncio.create_task(http.get("/slow"))

        async def begun() -> bool:
            return bool(server.server_state.tasks)

        await eventually(begun)
        server.should_exit = True

        async def shut() -> bool:
            return not server.servers[0].sockets

        await eventually(shut)
        server.config.app.state.go_on.set()  # type: ignore[union-attr]
        assert (await asked).text == "at last"
