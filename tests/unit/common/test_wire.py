"""What comes over the wire and is no request is answered like one; who calls is not for the caller to say."""

from collections.abc import AsyncIterator
from email.parser import BytesParser

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.common.web import problems
from services.common.web.edge import CSP, Edge
from services.common.web.problems import ProblemDocument
from tests.support.serving import said, serving, settings


async def echo(request: Request) -> Response:
    """Who called, and what they sent."""
    body = await request.body()
    assert request.client is not None
    return JSONResponse({"client": request.client.host, "body": body.decode()})


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


def problem(answer: bytes) -> tuple[dict[str, str], ProblemDocument]:
    """Headers and document of an answer that is a whole, well-formed 400."""
    status, _, rest = answer.partition(b"\r\n")
    assert status == b"HTTP/1.1 400 Bad Request", answer
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
