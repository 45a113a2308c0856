"""Baseline of P4: raw aiokafka that hands on what it reads, from one topic to another, with one commit for each batch."""

import asyncio
import os
from contextlib import suppress
from itertools import chain

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

TOPICS = ("bench.hops.1", "bench.hops.2", "bench.hops.3")


async def main() -> None:
    url, source, target = os.environ["KAFKA_URL"], os.environ["HOP_FROM"], os.environ["HOP_TO"]
    consumer = AIOKafkaConsumer(
        source, bootstrap_servers=url, group_id=source, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    while True:
        batch = await consumer.getmany(timeout_ms=1_000, max_records=500)
        if not batch:
            continue
        sends = [
            await producer.send(target, key=record.key, value=record.value, headers=record.headers)
            for record in chain.from_iterable(batch.values())
        ]
        await asyncio.gather(*sends)
        await consumer.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main())
