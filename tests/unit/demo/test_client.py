"""The client with a gateway that is busy, unavailable, or rejects a request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.demo.client import TRIES, PublicApi, Session
from deploy.demo.data import load_requests
from deploy.demo.errors import DemoError
from tests.unit.verification.builders import ACCOUNT

SESSION = Session(ACCOUNT, "t")
FILED = (201, '{"reference":"PO-7K3QX-9M2TA-B","request_id":"7d444840-9dc0-41d1-b245-5ffdce74fad2","receipt":"r"}')
BUSY = (503, '{"title":"Ocupado","support_code":"0123456789"}')
INVALID = (422, '{"title":"Inválido","support_code":"0123456789","errors":[{"pointer":"/subject","code":"unknown"}]}')
CUT = (0, "")


class StubGateway:
    """Sends the given answers one after the other; (0, "") cuts the connection."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self._answers = iter(answers)
        self.keys: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(fields.get("content-length", 0)))
        self.keys.append(fields.get("idempotency-key", ""))
        status, body = next(self._answers)
        if status:
            length = f"Content-Length: {len(body.encode())}\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"
            writer.write(f"HTTP/1.1 {status} X\r\n{length}{body}".encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def connected_to(stub: StubGateway) -> AsyncIterator[PublicApi]:
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, PublicApi(f"http://127.0.0.1:{port}") as api:
        yield api


@pytest.mark.parametrize("trouble", [BUSY, CUT], ids=["busy", "cut off"])
async def test_an_unacknowledged_request_is_retried_with_the_same_key(trouble: tuple[int, str]) -> None:
    stub = StubGateway(trouble, FILED)
    async with connected_to(stub) as api:
        filed = await api.file(SESSION, "demo-key-0000001", load_requests()[0], [])
    assert filed.reference == "PO-7K3QX-9M2TA-B"
    assert stub.keys == ["demo-key-0000001"] * 2


async def test_a_rejection_is_an_error_with_the_field_and_the_support_code() -> None:
    async with connected_to(StubGateway(INVALID)) as api:
        with pytest.raises(DemoError, match="422 Inválido \\(/subject: unknown\\), support code 0123456789"):
            await api.file(SESSION, "demo-key-0000001", load_requests()[0], [])


async def test_a_gateway_that_stays_busy_is_an_error_after_all_tries() -> None:
    async with connected_to(StubGateway(*[BUSY] * TRIES)) as api:
        with pytest.raises(DemoError, match="503 Ocupado"):
            await api.file(SESSION, "demo-key-0000001", load_requests()[0], [])


async def test_an_answer_that_does_not_match_the_contract_is_an_error() -> None:
    async with connected_to(StubGateway((201, '{"reference":7}'))) as api:
        with pytest.raises(DemoError, match="/v1/requests does not match the contract: reference"):
            await api.file(SESSION, "demo-key-0000001", load_requests()[0], [])


async def test_a_request_that_is_not_visible_yet_is_no_error() -> None:
    async with connected_to(StubGateway((404, "{}"), (404, "{}"))) as api:
        assert await api.standing(SESSION, "PO-7K3QX-9M2TA-B") is None
        assert await api.timeline(SESSION, "PO-7K3QX-9M2TA-B") == []
