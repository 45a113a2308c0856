"""Clients that send invalid HTTP, disconnect, or send many requests at once."""

import asyncio
import json
from dataclasses import replace

import httpx2
import pytest

from services.common.http.problems import ProblemDocument
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key
from tests.integration.gateway.public_endpoint import PublicEndpoint


def head(person: Person, length: int, *more: str) -> bytes:
    lines = [
        "POST /v1/requests HTTP/1.1",
        "Host: gateway",
        f"Authorization: Bearer {person.token}",
        "Content-Type: application/json",
        f"Idempotency-Key: {new_key()}",
        f"Content-Length: {length}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_client_that_disconnects_midway_files_nothing(endpoint: PublicEndpoint, person: Person) -> None:
    await endpoint.send(head(person, 500), b'{"subject": "FAM-01", "rea', hang_up=True)
    assert (await person.file()).status_code == 201


async def test_a_declared_length_over_the_limit_is_refused_before_the_body(
    endpoint: PublicEndpoint, person: Person
) -> None:
    answer = await endpoint.send(head(person, 10**15))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


async def test_invalid_http_is_400(endpoint: PublicEndpoint, person: Person) -> None:
    for sent in (b"what?\r\n\r\n", head(person, 2, "Content-Length: 3")):
        assert (await endpoint.send(sent)).startswith(b"HTTP/1.1 400 ")


async def test_header_values_with_any_bytes_cause_no_internal_error(endpoint: PublicEndpoint) -> None:
    lines = b"GET /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nAccept-Language: \xff;q=\xfe\r\n\r\n"
    assert (await endpoint.send(lines)).startswith(b"HTTP/1.1 401 ")


def get_catalogue(*lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET /v1/catalogue HTTP/{version}", *lines, "Connection: close", "", ""]).encode()


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["Host: gateway", "Host: gateway"],
        ["Host: gateway", "Host: other"],
        ["Host:"],
        ["Host: two names"],
        ["Host: gateway/path"],
        ["Host: someone@gateway"],
        ["Host: <gateway>"],
        ["Host: [::1"],
        ["Host: gateway:port"],
    ],
    ids=str,
)
async def test_a_missing_repeated_or_garbled_host_is_400_with_a_problem(
    endpoint: PublicEndpoint, hosts: list[str]
) -> None:
    head, body = await endpoint.exchange(get_catalogue(*hosts))
    assert head.startswith(b"HTTP/1.1 400 ")
    assert ProblemDocument.model_validate_json(body).type == "urn:postigo:problem:bad-request"


@pytest.mark.parametrize("host", ["localhost", "gateway:8080", "[::1]:443", "a_b.example", "xn--beb-dma.example."])
async def test_any_well_formed_host_is_accepted(endpoint: PublicEndpoint, host: str) -> None:
    assert (await endpoint.exchange(get_catalogue(f"Host: {host}")))[0].startswith(b"HTTP/1.1 200 ")


async def test_http_1_0_needs_no_host(endpoint: PublicEndpoint) -> None:
    head, _ = await endpoint.exchange(get_catalogue(version="1.0"))
    assert b" 200 " in head.split(b"\r\n")[0]


async def test_head_and_options_are_answered_without_a_body(endpoint: PublicEndpoint) -> None:
    for method, status, content in (
        ("HEAD", b"200", b"content-length: "),
        ("OPTIONS", b"204", b"allow: GET, HEAD, OPTIONS"),
    ):
        sent = get_catalogue("Host: gateway").replace(b"GET", method.encode())
        head, body = await endpoint.exchange(sent)
        assert head.startswith(b"HTTP/1.1 " + status)
        assert content.lower() in head.lower()
        assert body == b""


async def test_a_burst_of_submissions_is_filed_or_answered_with_retry_after(
    endpoint: PublicEndpoint, person: Person
) -> None:
    async with httpx2.AsyncClient(base_url=endpoint.url, verify=endpoint.tls or True, trust_env=False) as http:
        client = replace(person, http=http)
        answers = await asyncio.gather(*(client.file(BODY | {"description": f"Multidão {n}"}) for n in range(400)))
    refused = [answer for answer in answers if answer.status_code != 201]
    for answer in refused:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert ProblemDocument.model_validate(answer.json()).type.endswith(":busy")
    filed = [answer.json()["reference"] for answer in answers if answer.status_code == 201]
    assert len(filed) == len(set(filed)) >= 100


async def test_answers_are_counted_by_status(gateway: GatewayEnvironment, person: Person) -> None:
    await person.file()
    await person.file(json.loads("{}"))
    metrics = (await gateway.internal.get("/metrics")).text
    assert 'postigo_submits_total{status="201"}' in metrics
    assert 'postigo_submits_total{status="422"}' in metrics


async def test_no_log_line_has_text_or_identity_of_people(gateway: GatewayEnvironment, person: Person) -> None:
    await person.file(BODY | {"description": "canario-no-texto"})
    await person.get("/v1/requests/PO-00000-00000-0")
    logged = "".join(path.read_text() for path in gateway.stack.home.logs.glob("gateway*.log"))
    for secret in ("canario", person.niss, person.token, "example.org", "PO-"):
        assert secret not in logged
    # Only security events name an account, by its opaque id.
    others = [line for line in logged.splitlines() if '"event":"security"' not in line]
    assert person.account_id not in "".join(others)
