"""Filing a text succeeds while everything it does not need is unavailable."""

import asyncio
from collections import Counter
from dataclasses import replace

from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person

FILED = 200
CONCURRENT = 16


async def test_texts_are_filed_without_documents_object_store_worker_mail_and_collector(
    gateway: GatewayEnvironment, person: Person
) -> None:
    stack = gateway.stack
    # Every submit is traced to a collector that does not exist. This stack has no mail server.
    collector = f"http://127.0.0.1:{stack.port('nobody')}"
    traced = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_TRACES_SAMPLER_ARG": "1"}
    stopped = ("gateway-worker", "documents", "s3")
    async with gateway.replica("gateway-traced", **traced) as http:
        for name in stopped:
            await stack.stop(name)
        try:
            client, semaphore = replace(person, http=http), asyncio.Semaphore(CONCURRENT)

            async def file() -> int:
                async with semaphore:
                    return (await client.file()).status_code

            answers = Counter(await asyncio.gather(*(file() for _ in range(FILED))))
        finally:
            for name in reversed(stopped):
                await stack.restart(name)
    assert answers == {201: FILED}
