"""One account floods the counter from many connections: a stranger is served meanwhile.

The stack runs with the raised limits of trials; the gateway that is flooded has production's limits.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from gateway.settings import Settings
from tests.bench.callers import Caller
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, gateway_environment, new_key
from tests.integration.gateway.test_overload import raw_request
from tests.support.waiting import eventually

CONNECTIONS = 64
SECONDS = 30.0

REGISTERED_WITHIN = 2.0
MAIL_WITHIN = 10.0
"""The promises of docs/reliability.md, for the median of the strangers: a hiccup of the machine breaks none of them."""

LIMITS = Settings.model_fields


@dataclass(slots=True)
class Calm:
    """What a stranger waited for while the flood went on, in seconds."""

    filed: float
    found: float
    registered: float
    mail: float


@pytest_asyncio.fixture(loop_scope="session")
async def people(system: LocalStack) -> AsyncIterator[tuple[GatewayEnvironment, Person, Person]]:
    async with gateway_environment(system) as environment:
        flooding, calm = await environment.people(1, 1)
        async with environment.replica("gateway-limited", ACCOUNT_LIMITS_TIMES="1") as http:
            yield environment, replace(flooding, http=http), replace(calm, http=http)


def submits(person: Person) -> Iterator[bytes]:
    while True:
        yield raw_request(
            "POST", "/v1/requests", BODY, authorization=f"Bearer {person.token}", idempotency_key=new_key()
        )


async def flood(person: Person, until: float) -> Counter[int]:
    """File as fast as possible, whatever the answers, without waiting as they ask. Counts the answers by status."""
    answers: Counter[int] = Counter()
    requests = submits(person)
    url = str(person.http.base_url)

    async def send() -> None:
        caller = await Caller.to(url)
        while time.monotonic() < until:
            answers[await caller.ask(next(requests))] += 1
        caller.close()

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return answers


def subjects(mails: Iterable[Path]) -> list[str]:
    return [str(message_from_bytes(mail.read_bytes(), policy=policy.default)["Subject"]) for mail in mails]


async def serve(environment: GatewayEnvironment, person: Person) -> Calm:
    """File one request and follow it until its mail has left."""
    folder = environment.stack.home.mails
    before, start = set(folder.glob("*.eml")), time.monotonic()
    filed = (await person.file()).json()
    filed_after = time.monotonic() - start
    path, reference = f"/v1/requests/{filed['reference']}", filed["reference"]
    assert (await person.get(path)).status_code == 200, "the reference is found at once"
    found_after = time.monotonic() - start

    async def registered() -> bool:
        return bool((await person.get(path)).json()["state"] != "received")

    await eventually(registered, within=60)
    registered_after = time.monotonic() - start

    async def mailed() -> bool:
        return any(reference in subject for subject in subjects(set(folder.glob("*.eml")) - before))

    await eventually(mailed, within=120, every=0.2)
    return Calm(filed_after, found_after, registered_after, time.monotonic() - start)


@pytest.mark.timeout(300)
async def test_a_flood_of_one_account_delays_no_stranger(
    people: tuple[GatewayEnvironment, Person, Person],
) -> None:
    environment, flooding, calm = people
    assert (await calm.get("/v1/requests")).status_code == 200
    until = time.monotonic() + SECONDS
    sending = asyncio.create_task(flood(flooding, until))
    served: list[Calm] = []
    while time.monotonic() < until - MAIL_WITHIN and len(served) < 5:
        served.append(await serve(environment, calm))
    answers = await sending
    print("answers of the flood:", json.dumps({str(status): number for status, number in sorted(answers.items())}))
    for each in served:
        print("stranger, seconds:", each)
    assert set(answers) == {201, 429}
    assert answers[201] <= LIMITS["requests_burst"].default + SECONDS * LIMITS["requests_per_hour"].default / 3600 + 1
    assert answers[429] > answers[201]
    assert median(each.registered for each in served) <= REGISTERED_WITHIN
    assert median(each.mail for each in served) <= MAIL_WITHIN
