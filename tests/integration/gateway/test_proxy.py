"""nginx in front of the gateway: TLS, sizes, slow senders and sources are its business, and its refusals are problems."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from services.common.http.problems import ProblemDocument
from tests.integration.gateway.front import PER_SOURCE, Front
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.test_rough_senders import head
from tests.integration.gateway.town import Person, Town
from tests.support import stacks

pytestmark = stacks.only_real

MIB = 1024 * 1024
SLOW = 10.0
"""Seconds that nginx waits for a head, or for more of a body."""


@pytest_asyncio.fixture(loop_scope="session")
async def http(entrance: Front) -> AsyncIterator[httpx2.AsyncClient]:
    assert entrance.tls is not None
    async with httpx2.AsyncClient(base_url=entrance.url, verify=entrance.tls, trust_env=False) as client:
        yield client


def problem(answer: bytes, status: int) -> ProblemDocument:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in head
    return ProblemDocument.model_validate_json(body)


async def test_a_request_with_a_file_is_filed_through_it(http: httpx2.AsyncClient, person: Person) -> None:
    through = replace(person, http=http)
    content = PDF + bytes(20 * MIB)
    sent = await through.send(content)
    assert (sent.status_code, sent.json()["sha256"]) == (201, hashlib.sha256(content).hexdigest())
    filed = await through.file()
    assert filed.status_code == 201
    assert (await through.get(filed.headers["location"])).status_code == 200


async def test_http_2_is_spoken(entrance: Front) -> None:
    assert entrance.tls is not None
    entrance.tls.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await entrance.connect()
    spoken: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    entrance.tls.set_alpn_protocols([])
    assert spoken.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/internal/recipients"])
async def test_what_is_internal_is_not_reached(http: httpx2.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("sent", [b"what?\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"])
async def test_bytes_that_are_no_request_are_400_and_a_problem(entrance: Front, sent: bytes) -> None:
    assert problem(await entrance.send(sent), 400).type == "urn:postigo:problem:bad-request"


@pytest.mark.parametrize("line", [b"A: " + b"a" * 40_000, b"A: b\r\n" * 20_000])
async def test_a_head_without_measure_is_431_and_a_problem(entrance: Front, line: bytes) -> None:
    sent = b"GET /v1/catalogue HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\n" + line + b"\r\n\r\n"
    found = problem(await entrance.send(sent), 431)
    assert (found.type, found.title) == ("urn:postigo:problem:head-too-large", "Too many headers")


async def test_a_body_too_large_is_413_and_a_problem_before_it_is_sent(entrance: Front, person: Person) -> None:
    assert problem(await entrance.send(head(person, 10**9)), 413).type == "urn:postigo:problem:too-large"


@pytest.mark.parametrize(
    "sent", [b"GET /v1/catalogue HTT", b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_a_slow_sender_is_closed_and_keeps_nobody_waiting(
    entrance: Front, person: Person, http: httpx2.AsyncClient, sent: bytes
) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    slow = asyncio.create_task(entrance.send(sent))
    assert (await replace(person, http=http).file()).status_code == 201
    assert b"HTTP/1.1 2" not in await slow
    assert loop.time() - begun < 2 * SLOW


async def test_one_source_has_so_many_connections_and_the_next_is_told_to_come_back(entrance: Front) -> None:
    sent = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"

    async def hold() -> asyncio.StreamWriter:
        _, writer = await entrance.connect()
        writer.write(sent)
        return writer

    held = await asyncio.gather(*(hold() for _ in range(PER_SOURCE)))
    answer = await entrance.send(b"GET /v1/catalogue HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for writer in held:
        writer.close()
    assert problem(answer, 429).type == "urn:postigo:problem:too-many-at-once"
    assert b"Retry-After: 2\r\n" in answer


async def test_a_forged_address_does_not_evade_the_sign_in_limit(http: httpx2.AsyncClient, gateway: Town) -> None:
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
