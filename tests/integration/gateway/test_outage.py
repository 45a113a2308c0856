"""The broker is unavailable: the answer comes in time and is correct, and nothing is lost."""

import asyncio
import os
import signal
import time

from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person, new_key
from tests.support.waiting import eventually


async def ready(gateway: GatewayEnvironment) -> bool:
    answer = await gateway.internal.get("/health/ready")
    return answer.status_code == 200


async def test_without_a_broker_a_submit_is_not_confirmed_in_8_s_and_succeeds_with_the_same_key_afterwards(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key = new_key()
    before = await person.file(key=key)
    await gateway.stack.stop("kafka")
    try:
        start = time.monotonic()
        answers = await asyncio.gather(*(person.file(key=key) for _ in range(5)))
        took = time.monotonic() - start
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


async def test_a_frozen_broker_is_answered_in_time_and_a_late_append_is_still_one_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key = new_key()
    kafka = gateway.stack.pid("kafka")
    assert kafka is not None
    os.kill(kafka, signal.SIGSTOP)
    try:
        start = time.monotonic()
        answer = await person.file(key=key)
        took = time.monotonic() - start
    finally:
        os.kill(kafka, signal.SIGCONT)
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
