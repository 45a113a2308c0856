"""Baseline of P4: raw aiokafka that copies records from one topic to another, with one commit for each batch.

With `HOP_INSERTS_INTO` it first inserts each record into that collection, with a journaled write and nothing else: this is the
least that saving before publishing can cost.
"""

import asyncio
import os
from contextlib import suppress
from itertools import chain
from typing import Any
from uuid import uuid4

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

TOPICS = ("bench.inserting-hops.1", "bench.inserting-hops.2", "bench.inserting-hops.3")
PLAIN_TOPICS = ("bench.hops.1", "bench.hops.2", "bench.hops.3")


async def main() -> None:
    url, source, target = os.environ["KAFKA_URL"], os.environ["HOP_FROM"], os.environ["HOP_TO"]
    consumer = AIOKafkaConsumer(
        source, bootstrap_servers=url, group_id=source, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
    collection = _collection(os.environ.get("HOP_INSERTS_INTO"))
    await consumer.start()
    await producer.start()
    while True:
        batch = await consumer.getmany(timeout_ms=1_000, max_records=500)
        if not batch:
            continue
        if collection is not None:
            records = chain.from_iterable(batch.values())
            await collection.insert_many([{"_id": str(uuid4()), "value": record.value} for record in records])
        sends = [
            await producer.send(target, key=record.key, value=record.value, headers=record.headers)
            for record in chain.from_iterable(batch.values())
        ]
        await asyncio.gather(*sends)
        await consumer.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})


def _collection(name: str | None) -> Any:
    """The collection `name` with the write concern of our processes; None without a name."""
    if name is None:
        return None
    return AsyncIOMotorClient(os.environ["MONGO_URL"], w="majority", journal=True).bench[name]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main())
