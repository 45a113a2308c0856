"""The gateway is killed at every step of a submit and of an act. A retry is stored once, whatever happened before."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from deploy.local.table import listeners
from services.common.messaging.failpoints import Failpoint
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, headers_of, new_key
from tests.integration.gateway.test_documents import PDF
from tests.support.waiting import eventually

STEPS = sorted(point for point in Failpoint if point.startswith(("submit-", "act-")))

APPENDED_BEFORE = {Failpoint.SUBMIT_APPENDED: 1, Failpoint.ACT_APPENDED: 1}
"""The number of records already on the topic when the process dies at this point."""


@asynccontextmanager
async def armed(gateway: GatewayEnvironment, point: Failpoint) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A second gateway that dies at `point`: its URL and its process."""
    name = f"gateway-{point}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        env={
            **gateway.stack.env,
            **listeners(name, "gateway", gateway.stack.port),
            "POSTIGO_FAILPOINT": f"{point}:kill",
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{gateway.stack.port(name)}", process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


GATEWAYS = 3
"""Gateways that run at the same time."""

Send = Callable[[Person], Awaitable[httpx2.Response]]


async def submission(person: Person, point: Failpoint) -> Send:
    sent = await person.send(PDF)
    assert sent.status_code == 201, sent.text
    body, key = BODY | {"documents": [sent.json()["document_id"]], "description": f"Antes: {point}"}, new_key()
    return lambda sender: sender.file(body, key)


async def message(person: Person, point: Failpoint) -> Send:
    filed, key = (await person.file()).json(), new_key()
    body = {"text": f"Antes: {point}", "documents": [(await person.send(PDF)).json()["document_id"]]}
    return lambda sender: sender.act(filed["reference"], "messages", body, key, postigo_receipt=filed["receipt"])


async def test_a_retry_after_a_kill_at_any_step_is_stored_once(gateway: GatewayEnvironment, person: Person) -> None:
    # One after the other, because concurrent uploads of one account are limited.
    sends = {point: await (submission if point.startswith("submit-") else message)(person, point) for point in STEPS}
    running = asyncio.Semaphore(GATEWAYS)

    async def bounded(point: Failpoint, send: Send) -> None:
        async with running:
            await kill_and_retry(gateway, person, point, send)

    await asyncio.gather(*(bounded(point, send) for point, send in sends.items()))


async def kill_and_retry(gateway: GatewayEnvironment, person: Person, point: Failpoint, send: Send) -> None:
    async with armed(gateway, point) as (url, process), httpx2.AsyncClient(base_url=url, trust_env=False) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/v1/catalogue")).status_code == 200
            except httpx2.TransportError:
                return False

        await eventually(ready, within=60)
        with pytest.raises(httpx2.TransportError):
            await send(replace(person, http=http))
        assert await process.wait() == -signal.SIGKILL
    answer = await send(person)
    assert answer.is_success, answer.text
    records = [record for record in await gateway.all_records() if str(point).encode() in record.value]
    assert len(records) == 1 + APPENDED_BEFORE.get(point, 0)
    assert len({(record.key, record.value, headers_of(record)["ce_id"]) for record in records}) == 1
