"""Ten times as many people as are served at once: nothing breaks, and everybody is served or told when to come back."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from uuid import uuid4

from gateway.accounts.service import SIGN_INS
from gateway.requests.queries import READS, WAITING
from gateway.requests.submissions import SUBMITS
from tests.bench.callers import Caller
from tests.bench.process_stats import forget_peak, peak_mib, resident_mib
from tests.integration.gateway.town import BODY, PASSWORD, Person, Town, new_key
from tests.support.waiting import eventually

ROUNDS = 3
"""How often each of them asks, whatever they are answered."""


def asking(method: str, path: str, body: object = None, **headers: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: counter", f"Content-Length: {len(content)}"]
    if content:
        lines.append("Content-Type: application/json")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def press(gateway: Town, requests: Sequence[bytes]) -> Counter[int]:
    """Everybody at once, each on a connection of their own: how often each status was the answer.

    Whoever is not served is told when to come back.
    """
    url = gateway.stack.env["PUBLIC_URL"]
    answers: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        callers = [await Caller.to(url) for _ in requests]
        for each in callers:
            stack.callback(each.close)

        async def insist(caller: Caller, request: bytes) -> None:
            for _ in range(ROUNDS):
                status = await caller.ask(request)
                answers[status] += 1
                assert status not in (429, 503) or caller.retry_after

        await asyncio.gather(*map(insist, callers, requests))
    return answers


def submits(person: Person, keys: Iterator[str]) -> list[bytes]:
    token = f"Bearer {person.token}"
    return [asking("POST", "/v1/requests", BODY, authorization=token, idempotency_key=key) for key in keys]


async def test_ten_times_the_submits_that_fit_are_filed_or_told_when_to_come_back(
    gateway: Town, person: Person
) -> None:
    pid = gateway.stack.pid("gateway")
    assert pid is not None
    keys = [new_key() for _ in range(10 * SUBMITS)]
    before = resident_mib(pid)
    forget_peak(pid)
    answers = await press(gateway, submits(person, iter(keys)))
    assert set(answers) == {201, 503}
    assert answers[201] >= SUBMITS
    assert peak_mib(pid) - before < 64
    assert gateway.stack.pid("gateway") == pid

    async def filed() -> bool:
        return (await person.file()).status_code == 201

    await eventually(filed)
    metrics = (await gateway.internal.get("/metrics")).text
    assert 'postigo_turned_away_total{what="submits"}' in metrics


async def test_what_was_sent_away_is_filed_once_when_it_comes_back(gateway: Town, person: Person) -> None:
    keys = [new_key() for _ in range(2 * SUBMITS)]
    await press(gateway, submits(person, iter(keys)))
    filed = []
    for key in keys[::8]:

        async def again(key: str = key) -> str | None:
            answer = await person.file(key=key)
            return answer.json()["request_id"] if answer.status_code == 201 else None

        filed.append(await eventually(again))
    assert len(set(filed)) == len(filed)
    records = await gateway.appended(str(filed[0]))
    assert len({record.value for record in records}) == 1


async def test_more_sign_ins_than_fit_are_told_when_to_come_back(gateway: Town, person: Person) -> None:
    signing_in = asking("POST", "/v1/sessions", {"niss": person.niss, "password": PASSWORD})
    answers = await press(gateway, [signing_in] * (3 * SIGN_INS))
    assert set(answers) <= {201, 429, 503}
    assert answers[201]
    assert answers[429] + answers[503], "for the account's sake, or for everybody's"


async def test_more_readers_than_fit_are_told_when_to_come_back(gateway: Town, person: Person) -> None:
    reading = asking("GET", "/v1/requests?limit=100", authorization=f"Bearer {person.token}")
    answers = await press(gateway, [reading] * (3 * READS))
    assert set(answers) <= {200, 503}
    assert answers[200]
    assert (await person.get("/v1/requests")).status_code == 200


async def reads_turned_away(gateway: Town) -> list[str]:
    """The line that counts who found none of everybody's places free."""
    lines = (await gateway.internal.get("/metrics")).text.splitlines()
    return [line for line in lines if line.startswith('postigo_turned_away_total{what="reads"}')]


async def test_who_waits_for_many_acts_at_once_leaves_room_for_other_readers(
    gateway: Town, person: Person, other: Person
) -> None:
    path = f"/v1/requests/{(await person.file()).json()['reference']}"

    async def viewed() -> bool:
        return "description" in (await person.get(path)).json()

    await eventually(viewed)
    before = await reads_turned_away(gateway)
    never = asking("GET", f"{path}?after={uuid4()}", authorization=f"Bearer {person.token}")
    pressing = asyncio.create_task(press(gateway, [never] * (READS + WAITING)))
    others = Counter[int]()
    while not pressing.done():
        others[(await other.get("/v1/requests")).status_code] += 1
    answers = await pressing
    assert set(answers) == {200, 429}
    assert answers[200] >= WAITING
    assert set(others) == {200}
    assert before, "a line that is not there would not change either"
    assert await reads_turned_away(gateway) == before
    assert (await person.get(f"{path}?after={uuid4()}")).status_code == 200
