"""What filing a text does not need may be away: nobody is turned down for it."""

import asyncio
import sys
from collections import Counter
from functools import partial

import httpx2

from deploy.local import probes
from tests.integration.gateway.town import Person, Town

FILED = 200
AT_ONCE = 16


async def test_documents_object_store_worker_mail_and_collector_are_away_and_every_text_is_filed(
    gateway: Town, person: Person
) -> None:
    stack = gateway.stack
    port, nobody = stack.port("gateway-traced"), f"http://127.0.0.1:{stack.port('nobody')}"
    url = f"http://127.0.0.1:{port}"
    # Every submit is traced, to a collector that is not there. No mail server runs in this stack at all.
    traced = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": nobody, "OTEL_TRACES_SAMPLER_ARG": "1"}
    await stack.start_program(
        "gateway-traced",
        [sys.executable, "-m", "gateway"],
        {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port), **traced},
        ready=partial(probes.http_ready, port),
    )
    away = ("gateway-worker", "documents", "s3")
    for name in away:
        await stack.stop(name)
    try:
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            there = Person(http, person.niss, person.account_id, person.token)
            door = asyncio.Semaphore(AT_ONCE)

            async def file() -> int:
                async with door:
                    return (await there.file()).status_code

            answers = Counter(await asyncio.gather(*(file() for _ in range(FILED))))
    finally:
        await stack.stop("gateway-traced")
        for name in reversed(away):
            await stack.restart(name)
    assert answers == {201: FILED}
