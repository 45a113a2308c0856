"""What comes over the wire and is no request is answered like one; who calls is not for the caller to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from email.parser import BytesParser

import httpx2
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.common.web import problems, protocol
from services.common.web.edge import CSP, Edge
from services.common.web.problems import ProblemDocument
from tests.support.serving import said, serving, settings
from tests.support.waiting import eventually

MIB = 1024 * 1024
TOO_LARGE = b"431 Request Header Fields Too Large"


async def echo(request: Request) -> Response:
    """Who called, and what they sent."""
    body = await request.body()
    assert request.client is not None
    return JSONResponse({"client": request.client.host, "body": body.decode(), "headers": request.headers.keys()})


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = FastAPI()
    made.add_route("/", echo, methods=["GET", "POST"])
    problems.install(made)
    made.add_middleware(Edge)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with serving(app, settings()) as port:
        yield port


def problem(answer: bytes, expected: bytes = b"400 Bad Request") -> tuple[dict[str, str], ProblemDocument]:
    """Headers and document of an answer that is a whole, well-formed problem."""
    status, _, rest = answer.partition(b"\r\n")
    assert status == b"HTTP/1.1 " + expected, answer
    head, _, body = rest.partition(b"\r\n\r\n")
    headers = {name.lower(): value for name, value in BytesParser().parsebytes(head).items()}
    assert int(headers["content-length"]) == len(body)
    assert headers["content-type"] == "application/problem+json"
    return headers, ProblemDocument.model_validate_json(body)


@pytest.mark.parametrize(
    "sent",
    [
        b"what?\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.7\r\nHost: x\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_are_answered_with_a_problem(port: int, sent: bytes) -> None:
    headers, document = problem(await said(port, sent))
    assert document.type == "urn:postigo:problem:bad-request"
    assert (headers["connection"], headers["cache-control"]) == ("close", "no-store")
    assert headers["content-security-policy"] == CSP


async def test_they_are_answered_in_the_language_that_was_asked_for_before_they_broke(port: int) -> None:
    asked = b"POST / HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\n"
    assert problem(await said(port, asked, b"Content-Length: x\r\n\r\n"))[0]["content-language"] == "en"
    assert problem(await said(port, b"what?\r\n\r\n"))[0]["content-language"] == "pt"


@pytest.mark.parametrize(
    "sent", [b"POST / HTTP/1.1\r\nContent-Le", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", b"G"]
)
async def test_a_request_cut_short_is_answered_while_its_sender_still_listens(port: int, sent: bytes) -> None:
    problem(await said(port, sent, half_close=True))


async def test_a_whole_request_whose_sender_closes_its_half_is_answered(port: int) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
    answer = await said(port, sent, half_close=True)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_connection_on_which_nothing_is_said_gets_no_answer(port: int) -> None:
    assert await said(port, half_close=True) == b""
    whole = await said(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert whole.startswith(b"HTTP/1.1 200 ")


async def test_a_whole_request_gets_its_own_answer_whatever_follows_it(port: int) -> None:
    """Told that it could not be read, its sender would believe that nothing was filed."""
    answer = await said(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok\x00rubbish\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_an_upgrade_is_not_taken_up_and_the_request_is_answered_like_any_other(
    port: int, protocol: bytes
) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: %s\r\nSec-WebSocket-Version: 13\r\n" % protocol
    nowhere = await said(port, b"GET /none HTTP/1.1\r\nHost: x\r\n", upgrade, b"\r\n")
    assert nowhere.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in nowhere


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_a_body_behind_an_upgrade_is_never_read_as_another_request(port: int, protocol: bytes) -> None:
    inner = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %s\r\nContent-Length: %d\r\n\r\n"
    answer = await said(port, head % (protocol, len(inner)), inner, half_close=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"b" * protocol.MAX_HEAD + b"\r\n\r\n",
        b"GET /" + b"a" * protocol.MAX_HEAD + b" HTTP/1.1\r\n\r\n",
    ],
)
async def test_a_head_with_too_much_in_it_is_431(port: int, head: bytes) -> None:
    headers, document = problem(await said(port, head), TOO_LARGE)
    assert document.type == "urn:postigo:problem:head-too-large"
    assert headers["connection"] == "close"


async def test_a_head_without_end_is_refused_while_it_is_still_coming(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nA: ")
    async with asyncio.timeout(10):
        while not reader.at_eof():
            writer.write(b"b" * 4096)
            with suppress(ConnectionError):
                await writer.drain()
            if await _peek(reader):
                break
        answer = await reader.read(64 * 1024)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 " + TOO_LARGE)


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


@pytest.mark.parametrize(
    ("begun", "more", "expected"),
    [
        (CHUNKED + b"0\r\n", b"a: b\r\n" * 512, TOO_LARGE),
        (CHUNKED + b"0\r\na: ", b"b" * 4096, TOO_LARGE),
        (CHUNKED + b"2;a=", b"b" * 4096, TOO_LARGE),
        (CHUNKED.replace(b"POST /", b"POST /none") + b"0\r\n", b"a: b\r\n" * 512, b"404 Not Found"),
    ],
    ids=["trailers", "trailer", "extension", "answered"],
)
async def test_what_goes_on_for_ever_behind_a_body_ends_the_connection(
    port: int, begun: bytes, more: bytes, expected: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = bytearray()

    async def listen() -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(4096):
                heard.extend(piece)

    listening = asyncio.create_task(listen())
    writer.write(begun)
    sent = 0
    while not listening.done():
        assert sent < 100 * protocol.MAX_HEAD, "it would be read for ever"
        with suppress(ConnectionError):
            writer.write(more)
            await writer.drain()
        sent += len(more)
        # Slower than the answer: a connection that is reset loses what has not been read of it.
        await asyncio.sleep(0.001)
    writer.close()
    assert heard.startswith(b"HTTP/1.1 " + expected)
    assert heard.count(b"HTTP/1.1 ") == 1


async def test_a_second_head_without_end_is_not_read_while_the_first_answer_is_owed(app: FastAPI) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        asked.set()
        await answer.wait()
        return Response("late")

    app.add_route("/slow", slow)
    async with serving(app, settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nA: ")
        await asked.wait()
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 64 * MIB:
                async with asyncio.timeout(1):
                    writer.write(b"b" * MIB)
                    await writer.drain()
                sent += MIB
        answer.set()
        with suppress(ConnectionError):
            assert (await reader.read(64 * 1024)).startswith(b"HTTP/1.1 200 ")
        writer.transport.abort()


async def test_a_trailer_is_no_header(port: int) -> None:
    trailers = b"0\r\nAccept-Language: en\r\nExpect: 100-continue\r\n" + b"A: b\r\n" * 200 + b"\r\n"
    answer = await said(port, CHUNKED.replace(b"Host: x", b"Host: x\r\nConnection: close") + trailers)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["headers"] == ["host", "connection", "transfer-encoding"]


async def _peek(reader: asyncio.StreamReader) -> bool:
    """Whether something has been answered."""
    await asyncio.sleep(0)
    return bool(reader._buffer)  # type: ignore[attr-defined]


async def test_a_large_body_right_behind_a_head_that_came_in_two_pieces_is_no_large_head(port: int) -> None:
    body = b"x" * 60_000
    answer = await said(
        port, b"POST / HTTP/1.1\r\nHo", b"st: x\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n" + body
    )
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_half_a_head_keeps_no_connection(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_WITHIN", 0.2)
    async with serving(app, settings()) as port:
        assert await said(port) == b"", "nothing was asked, nothing is answered"
        headers, document = problem(await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n"), b"408 Request Timeout")
        assert document.type == "urn:postigo:problem:too-slow"
        assert headers["connection"] == "close"
        first, second = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHo"
        answer = await said(port, first, second)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1 408 ") == 1


async def test_who_goes_on_sending_a_body_that_was_answered_is_hung_up_on(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_WITHIN", 0.2)
    async with serving(app, settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 404 ")

        async def hung_up() -> bool:
            writer.write(b"x")
            return reader.at_eof() or reader.exception() is not None

        draining = asyncio.create_task(_drained(reader))
        await eventually(hung_up)
        writer.close()
        await draining


async def _drained(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


async def test_more_connections_than_are_served_are_told_to_come_back_and_probes_are_not(app: FastAPI) -> None:
    async with serving(app, settings(http_connections="16")) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(16)]
        headers, document = problem(await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), b"503 Service Unavailable")
        assert document.type == "urn:postigo:problem:busy"
        assert int(headers["retry-after"]) >= 1
        assert headers["connection"] == "close"
        probed = await said(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert probed.startswith(b"HTTP/1.1 404 "), "asked for, not turned away"
        more = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        assert await said(port, b"") == b"", "beyond that, we hang up"
        for _, writer in (*held, *more):
            writer.close()

        async def served() -> bool:
            answer = await said(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return answer.startswith(b"HTTP/1.1 200 ")

        await eventually(served)


async def test_who_calls_is_not_for_the_caller_to_say(port: int) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.json()["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "client"),
    [("127.0.0.1", "192.0.2.7"), ("10.0.0.1, 127.0.0.0/8", "192.0.2.7"), ("10.0.0.1", "127.0.0.1")],
)
async def test_a_proxy_that_the_settings_name_says_who_calls(app: FastAPI, trusted: str, client: str) -> None:
    async with (
        serving(app, settings(forwarded_allow_ips=trusted)) as port,
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.7"})
    assert answer.json()["client"] == client


@pytest.mark.parametrize("trusted", ["*", "proxy.example.org", "10.0.0.1/8"])
def test_what_is_neither_an_address_nor_a_network_is_refused_at_the_start(trusted: str) -> None:
    with pytest.raises(ValidationError, match="forwarded_allow_ips"):
        settings(forwarded_allow_ips=trusted)
