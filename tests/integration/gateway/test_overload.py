"""Ten times the concurrency limits: nothing breaks, and every request is served or answered with `Retry-After`."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from gateway.accounts.places import SIGN_INS
from gateway.requests.queries import LISTS, READS, WAITING
from gateway.requests.submissions import SUBMITS
from tests.bench.callers import Caller
from tests.bench.process_stats import forget_peak, peak_mib, resident_mib
from tests.integration.gateway.gateway_environment import BODY, PASSWORD, GatewayEnvironment, Person, new_key
from tests.support.waiting import eventually

ROUNDS = 3
"""Requests of each caller, whatever the answers."""


def raw_request(method: str, path: str, body: object = None, **headers: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: counter", f"Content-Length: {len(content)}"]
    if content:
        lines.append("Content-Type: application/json")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def send_concurrently(gateway: GatewayEnvironment, requests: Sequence[bytes]) -> Counter[int]:
    """Send all requests concurrently, each on its own connection. Counts the answers by status.

    Checks that each rejection has `Retry-After`.
    """
    url = gateway.stack.env["PUBLIC_URL"]
    answers: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        callers = [await Caller.to(url) for _ in requests]
        for each in callers:
            stack.callback(each.close)

        async def send(caller: Caller, request: bytes) -> None:
            for _ in range(ROUNDS):
                status = await caller.ask(request)
                answers[status] += 1
                assert status not in (429, 503) or caller.retry_after

        await asyncio.gather(*map(send, callers, requests))
    return answers


def submits(person: Person, keys: Iterator[str]) -> list[bytes]:
    token = f"Bearer {person.token}"
    return [raw_request("POST", "/v1/requests", BODY, authorization=token, idempotency_key=key) for key in keys]


async def test_ten_times_the_submit_limit_is_filed_or_answered_with_retry_after(
    gateway: GatewayEnvironment, person: Person
) -> None:
    pid = gateway.stack.pid("gateway")
    assert pid is not None
    keys = [new_key() for _ in range(10 * SUBMITS)]
    before = resident_mib(pid)
    forget_peak(pid)
    answers = await send_concurrently(gateway, submits(person, iter(keys)))
    assert set(answers) == {201, 503}
    assert answers[201] >= SUBMITS
    assert peak_mib(pid) - before < 64
    assert gateway.stack.pid("gateway") == pid

    async def filed() -> bool:
        return (await person.file()).status_code == 201

    await eventually(filed)
    metrics = (await gateway.internal.get("/metrics")).text
    assert 'postigo_turned_away_total{what="submits"}' in metrics


async def test_a_rejected_submission_is_filed_once_on_retry(gateway: GatewayEnvironment, person: Person) -> None:
    keys = [new_key() for _ in range(2 * SUBMITS)]
    await send_concurrently(gateway, submits(person, iter(keys)))
    filed = []
    for key in keys[::8]:

        async def again(key: str = key) -> str | None:
            answer = await person.file(key=key)
            return answer.json()["request_id"] if answer.status_code == 201 else None

        filed.append(await eventually(again))
    assert len(set(filed)) == len(filed)
    records = await gateway.records_of(str(filed[0]))
    assert len({record.value for record in records}) == 1


async def test_sign_ins_above_the_limit_are_answered_with_retry_after(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    signing_in = raw_request("POST", "/v1/sessions", {"niss": person.niss, "password": PASSWORD})
    answers = await send_concurrently(gateway, [signing_in] * (SIGN_INS + 64))
    assert set(answers) <= {201, 429, 503}
    assert answers[201]
    assert answers[429] + answers[503], "rejected by the account's limit or by the limit of the process"


@pytest.mark.parametrize(
    ("path", "limit", "what"),
    [("/v1/requests?limit=100", LISTS, "lists"), ("/v1/requests/{reference}", READS, "reads")],
)
async def test_reads_of_one_account_above_its_limit_are_answered_with_retry_after_and_leave_places(
    gateway: GatewayEnvironment, person: Person, path: str, limit: int, what: str
) -> None:
    filed = (await person.file()).json()
    reading = raw_request("GET", path.format(**filed), authorization=f"Bearer {person.token}")
    before = await rejected(gateway, what)
    answers = await send_concurrently(gateway, [reading] * (3 * limit))
    assert answers[200]
    assert answers[429]
    assert await rejected(gateway, what) == before, "the limit of the process is not reached"
    assert (await person.get("/v1/requests")).status_code == 200


async def rejected(gateway: GatewayEnvironment, what: str) -> str:
    """The metric line that counts what was above the limit of the process."""
    lines = (await gateway.internal.get("/metrics")).text.splitlines()
    return next(line for line in lines if line.startswith(f'postigo_turned_away_total{{what="{what}"}}'))


async def test_reads_of_one_account_that_wait_for_acts_do_not_block_other_readers(
    gateway: GatewayEnvironment, person: Person, other: Person
) -> None:
    path = f"/v1/requests/{(await person.file()).json()['reference']}"

    async def viewed() -> bool:
        return "description" in (await person.get(path)).json()

    await eventually(viewed)
    before = await rejected(gateway, "reads")
    waiting = raw_request("GET", f"{path}?after={uuid4()}", authorization=f"Bearer {person.token}")
    sending = asyncio.create_task(send_concurrently(gateway, [waiting] * (READS + WAITING)))
    others = Counter[int]()
    while not sending.done():
        others[(await other.get("/v1/requests")).status_code] += 1
    answers = await sending
    assert set(answers) == {200, 429}
    assert answers[200] >= WAITING
    assert set(others) == {200}
    assert await rejected(gateway, "reads") == before
    assert (await person.get(f"{path}?after={uuid4()}")).status_code == 200
