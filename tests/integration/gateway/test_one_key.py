"""One key and one body are one request, on any replica and across crashes."""

import asyncio
from dataclasses import replace

import httpx2

from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key
from tests.support.waiting import eventually

SUBMISSIONS = 1_000
CONCURRENT = 64


async def submit_until_accepted(person: Person, key: str) -> str:
    """The reference. Retries after a 503 and after a broken connection, as a real client does."""

    async def accepted() -> str | None:
        try:
            answer = await person.file(key=key)
        except httpx2.TransportError:
            return None
        assert answer.status_code in (201, 503), answer.text
        return answer.json()["reference"] if answer.status_code == 201 else None

    reference = await eventually(accepted, within=60)
    assert reference is not None
    return reference


async def test_a_thousand_equal_submissions_to_two_replicas_with_one_killed_are_one_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    key, semaphore = new_key(), asyncio.Semaphore(CONCURRENT)
    async with gateway.replica("gateway-two") as http:
        clients = (person, replace(person, http=http))

        async def send(number: int) -> str:
            async with semaphore:
                if number == SUBMISSIONS // 2:
                    await gateway.stack.kill("gateway")
                return await submit_until_accepted(clients[number % 2], key)

        references = await asyncio.gather(*(send(number) for number in range(SUBMISSIONS)))
        await gateway.stack.wait_ready("gateway")
        again = [await each.file(key=key) for each in clients]
        others = [await each.file({**BODY, "description": "Outra coisa."}, key=key) for each in clients]
    assert len(set(references)) == 1
    (request_id,) = {answer.json()["request_id"] for answer in again}
    records = await gateway.records_of(request_id)
    assert len({record.value for record in records}) == 1
    assert {answer.status_code for answer in others} == {422}
