"""The limits of one account: a burst in each replica, an hour in all of them, and repetitions that do not count."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from gateway.limits.accounts import EXAMINED
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key
from tests.integration.gateway.test_documents import PDF
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("within_one_hour")

COMPANY_BODY = BODY | {"subject": "TRA-02"}
BURST = 4
PER_HOUR = 6
MIB = 1024 * 1024


@asynccontextmanager
async def limited(gateway: GatewayEnvironment, *people: Person, **settings: int) -> AsyncIterator[list[Person]]:
    """The people at a replica with production's limits, changed by `settings`."""
    variables = {"account_limits_times": 1} | settings
    env = {name.upper(): str(value) for name, value in variables.items()}
    async with gateway.replica(f"limited-{new_key()}", **env) as http:
        yield [replace(person, http=http) for person in people]


def kind(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json().get("type", "")).removeprefix("urn:postigo:problem:")


REFUSED = (429, "limit-reached")


async def test_filing_is_refused_beyond_the_burst_of_the_account_alone(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1, 1)
    async with limited(gateway, *people, requests_burst=BURST, requests_per_hour=60) as (flooding, calm):
        answers = [await flooding.file() for _ in range(BURST + 1)]
        assert [answer.status_code for answer in answers] == [201] * BURST + [429]
        assert kind(answers[-1]) == REFUSED
        wait = int(answers[-1].headers["retry-after"])
        assert 1 <= wait <= 60
        assert answers[-1].headers["ratelimit-policy"] == '"requests";q=60;w=3600'
        assert answers[-1].headers["ratelimit"] == f'"requests";r=0;t={wait}'
        assert (await calm.file()).status_code == 201


async def test_a_company_may_file_more(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(2)
    async with limited(gateway, *people, requests_burst=1, company_limits_times=BURST) as (company,):
        assert [(await company.file(COMPANY_BODY)).status_code for _ in range(BURST + 1)] == [201] * BURST + [429]


async def test_repetitions_of_a_key_are_never_counted_nor_refused(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    keys = [new_key() for _ in range(BURST)]
    async with limited(gateway, *people, requests_burst=BURST) as (person,):
        first = [(await person.file(key=key)).json()["reference"] for key in keys]
        assert kind(await person.file()) == REFUSED
        again = [(await person.file(key=key)).json().get("reference") for key in keys for _ in range(2)]
    assert again == [reference for reference in first for _ in range(2)]


async def test_a_repetition_that_another_replica_accepted_passes_the_limit(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    key = new_key()
    filed = (await people[0].file(key=key)).json()["reference"]

    async def visible() -> bool:
        return "description" in (await people[0].get(f"/v1/requests/{filed}")).json()

    await eventually(visible)
    async with limited(gateway, *people, requests_burst=1) as (person,):
        assert (await person.file()).status_code == 201
        assert kind(await person.file()) == REFUSED
        assert (await person.file(key=key)).json()["reference"] == filed


async def test_an_hour_is_shared_by_replicas(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    settings = {"requests_burst": PER_HOUR, "requests_per_hour": PER_HOUR}
    async with AsyncExitStack() as stack:
        (one,) = await stack.enter_async_context(limited(gateway, *people, **settings))
        (two,) = await stack.enter_async_context(limited(gateway, *people, **settings))
        for _ in range(PER_HOUR):
            assert (await one.file()).status_code == 201

        async def all_listed() -> bool:
            return len((await one.get("/v1/requests")).json()["items"]) == PER_HOUR

        await eventually(all_listed)
        accepted = 0

        async def refused() -> bool:
            nonlocal accepted
            answer = await two.file()
            accepted += answer.status_code == 201
            return kind(answer) == REFUSED and int(answer.headers["retry-after"]) > 3600 / PER_HOUR

        await eventually(refused)
        assert accepted <= PER_HOUR, "its own burst alone would let through as many"


async def test_a_flood_is_refused_before_its_body_is_read(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    async with limited(gateway, *people, requests_burst=1) as (person,):
        assert (await person.file()).status_code == 201
        assert kind(await person.file()) == REFUSED
        headers = person.headers(idempotency_key=new_key(), content_type="application/json")
        answers = [
            (await person.http.post("/v1/requests", content=b"no JSON", headers=headers)).status_code
            for _ in range(4 * EXAMINED[0])
        ]
    assert set(answers) == {400, 429}
    assert answers.count(429) > EXAMINED[0]


async def test_an_absent_store_refuses_no_filing(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    async with limited(gateway, *people, requests_burst=BURST, requests_per_hour=BURST) as (person,):
        assert (await person.get("/v1/requests")).status_code == 200
        with gateway.frozen("mongo"):
            answers = [(await person.file()).status_code for _ in range(BURST)]
        assert answers == [201] * BURST


Call = Callable[[Person, dict[str, Any], str], Awaitable[httpx2.Response]]


async def write(person: Person, request: dict[str, Any], key: str) -> httpx2.Response:
    return await person.act(
        request["reference"], "messages", {"text": "Esqueci-me."}, key, postigo_receipt=request["receipt"]
    )


async def upload(person: Person, request: dict[str, Any], key: str) -> httpx2.Response:
    return await person.send(PDF, key=key)


@pytest.mark.parametrize(("call", "settings"), [(write, "acts"), (upload, "uploads")])
async def test_messages_and_uploads_have_a_burst_and_repetitions_do_not_count(
    gateway: GatewayEnvironment, call: Call, settings: str
) -> None:
    people = await gateway.people(1)
    request = (await people[0].file()).json()
    keys = [new_key() for _ in range(BURST)]
    async with limited(gateway, *people, **{f"{settings}_burst": BURST}) as (person,):
        accepted = [(await call(person, request, key)).status_code for key in keys]
        refused = await call(person, request, new_key())
        again = [(await call(person, request, key)).status_code for key in keys]
    assert again == accepted
    assert set(accepted) <= {201, 202}
    assert kind(refused) == REFUSED
    assert "retry-after" in refused.headers


@pytest.mark.parametrize(("call", "settings"), [(write, "acts"), (upload, "uploads")])
async def test_an_hour_of_messages_and_uploads_is_shared_by_replicas(
    gateway: GatewayEnvironment, call: Call, settings: str
) -> None:
    people = await gateway.people(1)
    request = (await people[0].file()).json()
    most: dict[str, int] = {f"{settings}_burst": 3 * PER_HOUR, f"{settings}_per_hour": PER_HOUR}
    async with AsyncExitStack() as stack:
        (one,) = await stack.enter_async_context(limited(gateway, *people, **most))
        (two,) = await stack.enter_async_context(limited(gateway, *people, **most))
        for _ in range(PER_HOUR - 1):
            assert (await call(one, request, new_key())).is_success
        for person in (two, one):

            async def refused(person: Person = person) -> bool:
                return kind(await call(person, request, new_key())) == REFUSED

            await eventually(refused)


async def test_the_bytes_of_an_hour_are_limited(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1)
    async with limited(gateway, *people, upload_mib_per_hour=1) as (person,):
        assert (await person.send(b"%PDF-1.7\n" + bytes(MIB))).status_code == 201

        async def refused() -> bool:
            return kind(await person.send(PDF)) == REFUSED

        await eventually(refused)


async def test_stored_bytes_have_a_quota_and_a_stored_file_is_still_found(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1, 1)
    async with limited(gateway, *people, stored_mib=1) as (person, other):
        key, large = new_key(), b"%PDF-1.7\n" + bytes(MIB)
        assert (await person.send(large, key=key)).status_code == 201
        refused = await person.send(PDF)
        assert kind(refused) == (429, "storage-full")
        assert int(refused.headers["retry-after"]) == 24 * 3600
        assert (await person.send(large, key=key)).status_code == 201
        assert (await other.send(PDF)).status_code == 201
        assert (await person.file(BODY)).status_code == 201
