"""What filing a text does not need may be away: nobody is turned down for it."""

import asyncio
from collections import Counter
from dataclasses import replace

from tests.integration.gateway.town import Person, Town

FILED = 200
AT_ONCE = 16


async def test_documents_object_store_worker_mail_and_collector_are_away_and_every_text_is_filed(
    gateway: Town, person: Person
) -> None:
    stack = gateway.stack
    # Every submit is traced, to a collector that is not there. No mail server runs in this stack at all.
    nobody = f"http://127.0.0.1:{stack.port('nobody')}"
    traced = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": nobody, "OTEL_TRACES_SAMPLER_ARG": "1"}
    away = ("gateway-worker", "documents", "s3")
    async with gateway.replica("gateway-traced", **traced) as http:
        for name in away:
            await stack.stop(name)
        try:
            there, door = replace(person, http=http), asyncio.Semaphore(AT_ONCE)

            async def file() -> int:
                async with door:
                    return (await there.file()).status_code

            answers = Counter(await asyncio.gather(*(file() for _ in range(FILED))))
        finally:
            for name in reversed(away):
                await stack.restart(name)
    assert answers == {201: FILED}
