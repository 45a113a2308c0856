"""The gateway is killed at every step of a submit: with the same key it is filed once, whatever had happened."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from services.common.messaging.failpoints import Failpoint
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.town import BODY, Person, Town, new_key
from tests.support.waiting import eventually

STEPS = sorted(point for point in Failpoint if point.startswith("submit-"))

APPENDED_BEFORE = {Failpoint.SUBMIT_APPENDED: 1}
"""How many records lie on the topic already when the process dies there."""


@asynccontextmanager
async def armed(gateway: Town, point: Failpoint) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A second gateway that dies at `point`: its address and the process."""
    port = gateway.stack.port(f"gateway-{point}")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        env={**gateway.stack.env, "HTTP_PORT": str(port), "POSTIGO_FAILPOINT": f"{point}:kill"},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_gateway_killed_at_any_step_of_a_submit_files_it_once_when_it_is_sent_again(
    gateway: Town, person: Person
) -> None:
    await asyncio.gather(*(killed_at(gateway, person, point) for point in STEPS))


async def killed_at(gateway: Town, person: Person, point: Failpoint) -> None:
    document = (await person.send(PDF)).json()["document_id"]
    body, key = BODY | {"documents": [document], "description": f"Antes: {point}"}, new_key()
    async with armed(gateway, point) as (url, process), httpx2.AsyncClient(base_url=url, trust_env=False) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/health/ready")).status_code == 200
            except httpx2.TransportError:
                return False

        await eventually(ready)
        with pytest.raises(httpx2.TransportError):
            await replace(person, http=http).file(body, key)
        assert await process.wait() == -signal.SIGKILL
    answer = await person.file(body, key)
    assert answer.status_code == 201, answer.text
    records = await gateway.appended(answer.json()["request_id"])
    assert len(records) == 1 + APPENDED_BEFORE.get(point, 0)
    assert len({record.value for record in records}) == 1
