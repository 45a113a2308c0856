"""Clients that send invalid HTTP, disconnect, or send many requests at once."""

import asyncio
import json
from dataclasses import replace

import httpx2

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
    for secret in ("canario", person.niss, person.token, person.account_id, "example.org", "PO-"):
        assert secret not in logged
