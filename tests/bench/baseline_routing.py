"""Baseline of P5: raw aiokafka `getmany`, `validate_json`, two produced records for each message, and one bulk write and
one commit for each batch.
"""

import asyncio
import os
from contextlib import suppress
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel
from pymongo import InsertOne

TOPIC = "bench.lifecycle.v1"
INBOX = "bench.inbox.v1"
MADE = "bench.assignments.v1"
GROUP = "bench-routing"


class Registered(BaseModel):
    request_id: UUID
    reference: str
    occurred_at: datetime
    seq: int
    state: str
    account_id: UUID
    who: str
    subject: str
    reason: str
    catalogue_version: int
    language: str
    description: str
    documents: tuple[UUID, ...]
    entered_on: date
    due_on: date
    calendar: str


async def main() -> None:
    url = os.environ["KAFKA_URL"]
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=url, group_id=GROUP, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
    await consumer.start()
    await producer.start()
    collection: Any = AsyncIOMotorClient(os.environ["MONGO_URL"]).bench.assignments
    while True:
        batch = await consumer.getmany(timeout_ms=1_000, max_records=500)
        if not batch:
            continue
        writes, sends = [], []
        for record in chain.from_iterable(batch.values()):
            event = Registered.model_validate_json(record.value)
            state = {"subject": event.subject, "reason": event.reason, "description": event.description}
            writes.append(InsertOne({"_id": str(event.request_id), "reference": event.reference, **state}))
            sends.append(await producer.send(INBOX, key=record.key, value=record.value))
            sends.append(await producer.send(MADE, key=record.key, value=record.value))
        await collection.bulk_write(writes, ordered=False)
        await asyncio.gather(*sends)
        await consumer.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main())
