"""nginx in front of the gateway: TLS, size limits, slow clients, connection limits, and its errors as problems."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from services.common.http.problems import ProblemDocument
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person
from tests.integration.gateway.public_endpoint import CONNECTIONS_PER_SOURCE, PublicEndpoint
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.test_rough_senders import head
from tests.support import stacks

pytestmark = stacks.only_real

MIB = 1024 * 1024
CLIENT_TIMEOUT = 10.0
"""Seconds that nginx waits for the headers, and between two reads of a body."""


@pytest_asyncio.fixture(loop_scope="session")
async def http(endpoint: PublicEndpoint) -> AsyncIterator[httpx2.AsyncClient]:
    assert endpoint.tls is not None
    async with httpx2.AsyncClient(base_url=endpoint.url, verify=endpoint.tls, trust_env=False) as client:
        yield client


def problem(answer: bytes, status: int) -> ProblemDocument:
    headers, _, body = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in headers
    return ProblemDocument.model_validate_json(body)


async def test_a_file_and_a_request_are_sent_through_the_proxy(http: httpx2.AsyncClient, person: Person) -> None:
    client = replace(person, http=http)
    content = PDF + bytes(20 * MIB)
    sent = await client.send(content)
    assert (sent.status_code, sent.json()["sha256"]) == (201, hashlib.sha256(content).hexdigest())
    filed = await client.file()
    assert filed.status_code == 201
    assert (await client.get(filed.headers["location"])).status_code == 200


async def test_the_proxy_offers_http_2(endpoint: PublicEndpoint) -> None:
    assert endpoint.tls is not None
    endpoint.tls.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await endpoint.connect()
    connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    endpoint.tls.set_alpn_protocols([])
    assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/internal/recipients"])
async def test_internal_paths_are_not_reachable(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("sent", [b"what?\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"])
async def test_an_invalid_request_is_400_with_a_problem(endpoint: PublicEndpoint, sent: bytes) -> None:
    assert problem(await endpoint.send(sent), 400).type == "urn:postigo:problem:bad-request"


@pytest.mark.parametrize("line", [b"A: " + b"a" * 40_000, b"A: b\r\n" * 20_000])
async def test_oversized_headers_are_431_with_a_problem(endpoint: PublicEndpoint, line: bytes) -> None:
    sent = b"GET /v1/catalogue HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\n" + line + b"\r\n\r\n"
    found = problem(await endpoint.send(sent), 431)
    assert (found.type, found.title) == ("urn:postigo:problem:head-too-large", "Request too long")


async def test_an_oversized_body_is_413_with_a_problem_before_it_is_sent(
    endpoint: PublicEndpoint, person: Person
) -> None:
    assert problem(await endpoint.send(head(person, 10**9)), 413).type == "urn:postigo:problem:too-large"


@pytest.mark.parametrize(
    "sent", [b"GET /v1/catalogue HTT", b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_a_slow_client_is_disconnected_and_delays_nobody(
    endpoint: PublicEndpoint, person: Person, http: httpx2.AsyncClient, sent: bytes
) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    slow = asyncio.create_task(endpoint.send(sent))
    assert (await replace(person, http=http).file()).status_code == 201
    assert b"HTTP/1.1 2" not in await slow
    assert loop.time() - started < 2 * CLIENT_TIMEOUT


async def test_connections_above_the_limit_of_one_source_are_429_with_retry_after(endpoint: PublicEndpoint) -> None:
    sent = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"

    async def hold() -> asyncio.StreamWriter:
        _, writer = await endpoint.connect()
        writer.write(sent)
        return writer

    held = await asyncio.gather(*(hold() for _ in range(CONNECTIONS_PER_SOURCE)))
    answer = await endpoint.send(b"GET /v1/catalogue HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for writer in held:
        writer.close()
    assert problem(answer, 429).type == "urn:postigo:problem:too-many-at-once"
    assert b"Retry-After: 2\r\n" in answer


@pytest.mark.usefixtures("within_one_hour")
async def test_a_forged_address_does_not_evade_the_sign_in_limit(
    http: httpx2.AsyncClient, gateway: GatewayEnvironment
) -> None:
    niss = str(gateway.line()["niss"])
    statuses = [
        (
            await http.post(
                "/v1/sessions",
                json={"niss": niss, "password": "uma frase errada"},
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            )
        ).status_code
        for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]
