"""The broker is unavailable: the answer comes in time and is correct, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator

from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key
from tests.integration.gateway.test_documents import PDF
from tests.support.waiting import eventually


async def ready(gateway: GatewayEnvironment) -> bool:
    answer = await gateway.internal.get("/health/ready")
    return answer.status_code == 200


async def test_without_a_broker_a_submit_is_not_confirmed_in_8_s_and_succeeds_with_the_same_key_afterwards(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key, filed_before = new_key(), new_key()
    before = await person.file(key=filed_before)
    await gateway.stack.stop("kafka")
    try:
        start = time.monotonic()
        answers = await asyncio.gather(*(person.file(key=key) for _ in range(5)))
        took = time.monotonic() - start
        repeated = await person.file(key=filed_before)
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
    assert (repeated.status_code, repeated.json()["reference"]) == (201, before.json()["reference"]), (
        "what this replica filed is known without the broker"
    )

    async def filed() -> str | None:
        answer = await person.file(key=key)
        return answer.json()["reference"] if answer.status_code == 201 else None

    reference = await eventually(filed)
    assert await filed() == reference != before.json()["reference"]

    async def ready_again() -> bool:
        return await ready(gateway)

    await eventually(ready_again)


async def test_a_frozen_broker_is_answered_in_time_and_a_late_append_is_still_one_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key = new_key()
    with gateway.frozen("kafka"):
        start = time.monotonic()
        answer = await person.file(key=key)
        took = time.monotonic() - start
    assert (answer.status_code, took <= 8) == (503, True)
    text = answer.json()["detail"]
    assert "pode ou não ter ficado registado" in text

    async def filed() -> str | None:
        again = await person.file(key=key)
        return again.json()["request_id"] if again.status_code == 201 else None

    request_id = await eventually(filed)
    assert request_id is not None
    records = await gateway.records_of(request_id)
    assert len({record.value for record in records}) == 1


async def test_without_a_broker_an_act_is_not_confirmed_and_succeeds_with_the_same_key_afterwards(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request, key, body = (await person.file()).json(), new_key(), {"text": "Falta um papel."}
    await gateway.stack.stop("kafka")
    try:
        start = time.monotonic()
        answer = await person.act(request["reference"], "messages", body, key)
        took = time.monotonic() - start
    finally:
        await gateway.stack.restart("kafka")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:postigo:problem:not-confirmed")
    assert took <= 8

    async def accepted() -> bool:
        return (await person.act(request["reference"], "messages", body, key)).status_code == 202

    await eventually(accepted)
    _, *records = await gateway.records_of(request["request_id"])
    assert len({record.value for record in records}) == 1


async def test_with_a_frozen_documents_service_uploads_and_claims_are_503_in_time_and_a_retry_succeeds_afterwards(
    gateway: GatewayEnvironment, person: Person
) -> None:
    async def large() -> AsyncIterator[bytes]:
        yield PDF
        for _ in range(300):
            yield bytes(64 * 1024)

    key, file = new_key(), (await person.send(PDF)).json()["document_id"]
    with gateway.frozen("documents"):
        start = time.monotonic()
        uploads = asyncio.gather(person.send(PDF, key=key), person.send(large()))
        claim = await person.file(BODY | {"documents": [file]})
        claim_took = time.monotonic() - start
        answers = [claim, *await uploads]
        uploads_took = time.monotonic() - start
    assert [(answer.status_code, int(answer.headers["retry-after"])) for answer in answers] == [(503, 2)] * 3
    assert (claim_took <= 3, uploads_took <= 13) == (True, True)

    async def stored() -> bool:
        return (await person.send(PDF, key=key)).status_code == 201

    await eventually(stored)
