"""An engine is away: the answer comes in time, says the truth, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator

from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.town import BODY, Person, Town, new_key
from tests.support.waiting import eventually


async def ready(gateway: Town) -> bool:
    answer = await gateway.internal.get("/health/ready")
    return answer.status_code == 200


async def test_without_a_broker_a_submit_is_not_confirmed_in_8_s_and_succeeds_with_the_same_key_afterwards(
    gateway: Town, person: Person
) -> None:
    key = new_key()
    before = await person.file(key=key)
    await gateway.stack.stop("kafka")
    try:
        begin = time.monotonic()
        answers = await asyncio.gather(*(person.file(key=key) for _ in range(5)))
        took = time.monotonic() - begin
        live = await gateway.internal.get("/health/live")

        async def not_ready() -> bool:
            return not await ready(gateway)

        await eventually(not_ready)
    finally:
        await gateway.stack.restart("kafka")
    assert took <= 8
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:postigo:problem:not-confirmed"
        assert int(answer.headers["retry-after"]) >= 1
    assert live.status_code == 200

    async def filed() -> str | None:
        answer = await person.file(key=key)
        return answer.json()["reference"] if answer.status_code == 201 else None

    assert await eventually(filed) == before.json()["reference"]

    async def ready_again() -> bool:
        return await ready(gateway)

    await eventually(ready_again)


async def test_a_frozen_broker_is_answered_in_time_and_what_it_takes_late_is_still_one_request(
    gateway: Town, person: Person
) -> None:
    key = new_key()
    with gateway.frozen("kafka"):
        begin = time.monotonic()
        answer = await person.file(key=key)
        took = time.monotonic() - begin
    assert (answer.status_code, took <= 8) == (503, True)
    text = answer.json()["detail"]
    assert "pode ou não ter ficado registado" in text

    async def filed() -> str | None:
        again = await person.file(key=key)
        return again.json()["request_id"] if again.status_code == 201 else None

    request_id = await eventually(filed)
    assert request_id is not None
    records = await gateway.appended(request_id)
    assert len({record.value for record in records}) == 1


async def test_without_a_broker_an_act_is_not_confirmed_and_succeeds_with_the_same_key_afterwards(
    gateway: Town, person: Person
) -> None:
    request, key, body = (await person.file()).json(), new_key(), {"text": "Falta um papel."}
    await gateway.stack.stop("kafka")
    try:
        begin = time.monotonic()
        answer = await person.act(request["reference"], "messages", body, key)
        took = time.monotonic() - begin
    finally:
        await gateway.stack.restart("kafka")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:postigo:problem:not-confirmed")
    assert took <= 8

    async def kept() -> bool:
        return (await person.act(request["reference"], "messages", body, key)).status_code == 202

    await eventually(kept)
    _, *records = await gateway.appended(request["request_id"])
    assert len({record.value for record in records}) == 1


async def test_a_frozen_documents_service_ends_uploads_and_claims_in_time_and_takes_the_file_afterwards(
    gateway: Town, person: Person
) -> None:
    async def large() -> AsyncIterator[bytes]:
        yield PDF
        for _ in range(300):
            yield bytes(64 * 1024)

    key, file = new_key(), (await person.send(PDF)).json()["document_id"]
    with gateway.frozen("documents"):
        begin = time.monotonic()
        uploads = asyncio.gather(person.send(PDF, key=key), person.send(large()))
        claimed = await person.file(BODY | {"documents": [file]})
        claim_took = time.monotonic() - begin
        answers = [claimed, *await uploads]
        uploads_took = time.monotonic() - begin
    assert [(answer.status_code, int(answer.headers["retry-after"])) for answer in answers] == [(503, 2)] * 3
    assert (claim_took <= 3, uploads_took <= 13) == (True, True)

    async def kept() -> bool:
        return (await person.send(PDF, key=key)).status_code == 201

    await eventually(kept)
