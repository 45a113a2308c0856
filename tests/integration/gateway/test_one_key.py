"""One key and one body are one case, whoever receives them and whatever dies meanwhile."""

import asyncio
from dataclasses import replace

import httpx2

from tests.integration.gateway.town import BODY, Person, Town, new_key
from tests.support.waiting import eventually

SENDINGS = 1_000
AT_ONCE = 64


async def sent_until_taken(person: Person, key: str) -> str:
    """The reference; "not now" and no answer are what a real client takes them for."""

    async def taken() -> str | None:
        try:
            answer = await person.file(key=key)
        except httpx2.TransportError:
            return None
        assert answer.status_code in (201, 503), answer.text
        return answer.json()["reference"] if answer.status_code == 201 else None

    reference = await eventually(taken, within=60)
    assert reference is not None
    return reference


async def test_a_thousand_equal_sendings_to_two_replicas_of_which_one_is_killed_are_one_case(
    gateway: Town, person: Person
) -> None:
    key, door = new_key(), asyncio.Semaphore(AT_ONCE)
    async with gateway.replica("gateway-two") as http:
        doors = (person, replace(person, http=http))

        async def send(number: int) -> str:
            async with door:
                if number == SENDINGS // 2:
                    await gateway.stack.kill("gateway")
                return await sent_until_taken(doors[number % 2], key)

        references = await asyncio.gather(*(send(number) for number in range(SENDINGS)))
        await gateway.stack.wait_ready("gateway")
        again = [await each.file(key=key) for each in doors]
        others = [await each.file({**BODY, "description": "Outra coisa."}, key=key) for each in doors]
    assert len(set(references)) == 1
    (request_id,) = {answer.json()["request_id"] for answer in again}
    records = await gateway.appended(request_id)
    assert len({record.value for record in records}) == 1
    assert {answer.status_code for answer in others} == {422}
