"""Senders that break the rules of HTTP, hang up, or come in crowds."""

import asyncio
import json

from services.common.web.problems import ProblemDocument
from tests.integration.gateway.town import BODY, Person, Town, new_key


async def raw(gateway: Town, *parts: bytes, hang_up: bool = False) -> bytes:
    """What the gateway says to bytes sent as they are."""
    port = int(gateway.stack.env["GATEWAY_URL"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    if hang_up:
        writer.close()
        return b""
    async with asyncio.timeout(10):
        answer = await reader.read(64 * 1024)
    writer.close()
    return answer


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


async def test_a_sender_that_hangs_up_midway_files_nothing_and_harms_nobody(gateway: Town, person: Person) -> None:
    await raw(gateway, head(person, 500), b'{"subject": "FAM-01", "rea', hang_up=True)
    assert (await person.file()).status_code == 201


async def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(gateway: Town, person: Person) -> None:
    answer = await raw(gateway, head(person, 10**15))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


async def test_bytes_that_are_no_http_are_400_and_a_problem(gateway: Town, person: Person) -> None:
    for sent in (b"what?\r\n\r\n", head(person, 2, "Content-Length: 3")):
        answer = await raw(gateway, sent)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert ProblemDocument.model_validate_json(answer.partition(b"\r\n\r\n")[2]).type.endswith(":bad-request")


async def test_names_and_values_of_headers_in_any_bytes_are_no_error_of_ours(gateway: Town) -> None:
    lines = b"GET /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nAccept-Language: \xff;q=\xfe\r\n\r\n"
    assert (await raw(gateway, lines)).startswith(b"HTTP/1.1 401 ")


async def test_a_crowd_is_answered_in_full_or_told_when_to_come_back(person: Person) -> None:
    answers = await asyncio.gather(*(person.file(BODY | {"description": f"Multidão {n}"}) for n in range(400)))
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
    metrics = (await gateway.http.get("/metrics")).text
    assert 'postigo_submits_total{status="201"}' in metrics
    assert 'postigo_submits_total{status="422"}' in metrics


async def test_no_log_line_holds_what_people_said_or_who_they_are(gateway: Town, person: Person) -> None:
    await person.file(BODY | {"description": "canario-no-texto"})
    await person.get("/v1/requests/PO-00000-00000-0")
    logged = "".join(path.read_text() for path in gateway.stack.home.logs.glob("gateway*.log"))
    for secret in ("canario", person.niss, person.token, person.account_id, "example.org", "PO-"):
        assert secret not in logged
