"""Strangers guess at one account from many addresses, and go on: its owner signs in, and so does everybody else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from statistics import median

import httpx2
import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person, gateway_environment
from tests.support.waiting import eventually

CONNECTIONS = 64
SECONDS = 20.0
LOCKED_OUT_AT_MOST = 30.0


@pytest_asyncio.fixture(loop_scope="session")
async def people(system: LocalStack) -> AsyncIterator[tuple[GatewayEnvironment, Person, Person]]:
    """Owner and stranger, at a gateway that believes the addresses that this test forwards."""
    async with gateway_environment(system) as environment:
        owner, other = await environment.people(1, 1)
        async with environment.replica("gateway-guessed", FORWARDED_ALLOW_IPS="127.0.0.1") as http:
            yield environment, replace(owner, http=http), replace(other, http=http)


async def sign_in(person: Person, address: str, password: str = PASSWORD) -> httpx2.Response:
    body = {"niss": person.niss, "password": password}
    return await person.http.post("/v1/sessions", json=body, headers={"X-Forwarded-For": address}, timeout=60)


async def guess(victim: Person, until: float) -> Counter[int]:
    """Guess from a new address each time, on many connections."""
    answers: Counter[int] = Counter()
    numbers = count()
    limits = httpx2.Limits(max_connections=CONNECTIONS)
    async with httpx2.AsyncClient(base_url=victim.http.base_url, trust_env=False, limits=limits) as http:
        attacker = replace(victim, http=http)

        async def send() -> None:
            while time.monotonic() < until:
                number = next(numbers)
                address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
                answers[(await sign_in(attacker, address, "uma frase errada")).status_code] += 1

        await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return answers


async def seconds_to_sign_in(person: Person, address: str) -> float:
    start = time.monotonic()

    async def signed_in() -> bool:
        return (await sign_in(person, address)).status_code == 201

    await eventually(signed_in, within=SECONDS + LOCKED_OUT_AT_MOST)
    return time.monotonic() - start


@pytest.mark.timeout(180)
async def test_guesses_from_many_addresses_lock_nobody_out(
    people: tuple[GatewayEnvironment, Person, Person],
) -> None:
    _, owner, other = people
    assert (await sign_in(owner, "192.0.2.1")).status_code == 201
    end = time.monotonic() + SECONDS
    sending = asyncio.create_task(guess(owner, end))
    waited: dict[str, list[float]] = {}
    for number in count():
        if time.monotonic() > end:
            break
        places = {
            "the owner, at home": (owner, "192.0.2.1"),
            "the owner, elsewhere": (owner, f"203.0.113.{number}"),
            "somebody else": (other, f"198.51.100.{number}"),
        }
        for who, where in places.items():
            waited.setdefault(who, []).append(await seconds_to_sign_in(*where))
    answers = await sending
    for who, seconds in waited.items():
        print(f"{who}: signed in {len(seconds)} times, after {median(seconds):.2f} s, at most {max(seconds):.2f} s")
    print("answers to the guesses:", dict(answers))
    assert answers[401] > CONNECTIONS
    assert set(answers) <= {401, 429, 503}
    assert max(max(seconds) for seconds in waited.values()) <= LOCKED_OUT_AT_MOST
