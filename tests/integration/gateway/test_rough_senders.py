"""Senders that break the rules of HTTP, hang up, or come in crowds."""

import asyncio
import json
from dataclasses import replace

import httpx2

from services.common.http.problems import ProblemDocument
from tests.integration.gateway.front import Front
from tests.integration.gateway.town import BODY, Person, Town, new_key


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


async def test_a_sender_that_hangs_up_midway_files_nothing_and_harms_nobody(entrance: Front, person: Person) -> None:
    await entrance.send(head(person, 500), b'{"subject": "FAM-01", "rea', hang_up=True)
    assert (await person.file()).status_code == 201


async def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(entrance: Front, person: Person) -> None:
    answer = await entrance.send(head(person, 10**15))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


async def test_bytes_that_are_no_http_are_400(entrance: Front, person: Person) -> None:
    for sent in (b"what?\r\n\r\n", head(person, 2, "Content-Length: 3")):
        assert (await entrance.send(sent)).startswith(b"HTTP/1.1 400 ")


async def test_names_and_values_of_headers_in_any_bytes_are_no_error_of_ours(entrance: Front) -> None:
    lines = b"GET /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nAccept-Language: \xff;q=\xfe\r\n\r\n"
    assert (await entrance.send(lines)).startswith(b"HTTP/1.1 401 ")


async def test_a_crowd_is_answered_in_full_or_told_when_to_come_back(entrance: Front, person: Person) -> None:
    async with httpx2.AsyncClient(base_url=entrance.url, verify=entrance.tls or True, trust_env=False) as http:
        there = replace(person, http=http)
        answers = await asyncio.gather(*(there.file(BODY | {"description": f"Multidão {n}"}) for n in range(400)))
    refused = [answer for answer in answers if answer.status_code != 201]
    for answer in refused:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert ProblemDocument.model_validate(answer.json()).type.endswith(":busy")
    filed = [answer.json()["reference"] for answer in answers if answer.status_code == 201]
    assert len(filed) == len(set(filed)) >= 100


async def test_the_process_counts_what_it_answered(gateway: Town, person: Person) -> None:
    await person.file()
    await person.file(json.loads("{}"))
    metrics = (await gateway.internal.get("/metrics")).text
    assert 'postigo_submits_total{status="201"}' in metrics
    assert 'postigo_submits_total{status="422"}' in metrics


async def test_no_log_line_holds_what_people_said_or_who_they_are(gateway: Town, person: Person) -> None:
    await person.file(BODY | {"description": "canario-no-texto"})
    await person.get("/v1/requests/PO-00000-00000-0")
    logged = "".join(path.read_text() for path in gateway.stack.home.logs.glob("gateway*.log"))
    for secret in ("canario", person.niss, person.token, person.account_id, "example.org", "PO-"):
        assert secret not in logged
