"""Operations on a ledger under test: load, transactions, dead letters, and what an operator does with parked records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.position import Position
from services.common.messaging.records.positions import moment
from services.common.messaging.records.redrive import Redrive, Redrives
from tests.integration.kernel.harness import Bench
from tests.support import topics
from tests.support.waiting import eventually


async def load(own: Bench, keys: list[UUID], count: int) -> None:
    """Append the next `count` entries of each key."""
    for _ in range(count):
        for key in keys:
            await own.enter(key, len(own.entered[str(key)]) + 1)


@asynccontextmanager
async def transactions(own: Bench) -> AsyncIterator[AIOKafkaProducer]:
    """Entries inside this context are written by the yielded transactional producer."""
    writer = await topics.producer(own.env["KAFKA_URL"], transactional_id=uuid4().hex)
    plain, own.producer = own.producer, writer
    try:
        yield writer
    finally:
        own.producer = plain
        await writer.stop()


async def letter_of(ledger: Bench, sent: Any) -> Any:
    """Wait for the dead letter of the record at the position `sent`."""

    async def find() -> Any:
        for letter in await ledger.letters():
            headers = dict(letter.headers)
            if (headers["dlq-partition"], headers["dlq-offset"]) == (
                str(sent.partition).encode(),
                str(sent.offset).encode(),
            ):
                return letter
        return None

    return await eventually(find)


async def reason(ledger: Bench, sent: Any) -> str | None:
    """The reason on the dead letter of the record at the position `sent`."""
    return topics.header(await letter_of(ledger, sent), "dlq-reason")


async def discard(
    ledger: Bench, key: UUID, first: Any, group: str | None = None, bug: int | None = None
) -> RecordMetadata:
    """Discard a parked record, as an operator would: its document is no longer blocked by it.

    `bug`: the amount of the entry, whose content is appended with it.
    """
    redrive = Redrive(
        group or f"{ledger.ledger.prefix}-accounts",
        Position(first.topic, first.partition, first.offset),
        moment(first.timestamp),
        frees=str(key),
    )
    redrives = Redrives(ledger.env["POSTIGO_INTERNAL_SECRET"].encode())
    value, attributes = b"", list[tuple[str, bytes | None]]()
    if bug is not None:
        event = ledger.ledger.entered(request_id=key, reference=reference_of(key), amount=bug, how="bug")
        value = event.model_dump_json().encode()
        attributes += topics.attributes(event.TYPE, str(derived_id("test", str(key), bug, "bug")))
    headers = redrives.signed_headers(redrive, str(key).encode(), value, attributes)
    return await ledger.producer.send_and_wait(
        ledger.ledger.entries, value=value, key=str(key).encode(), headers=headers
    )


async def redrive(
    ledger: Bench,
    key: UUID,
    first: Any,
    amount: int,
    group: str | None = None,
    how: str = "book",
    secret: str | None = None,
    *,
    quiet: bool = False,
    id: str | None = None,
) -> RecordMetadata:
    """Append a parked record again, corrected, as an operator would."""
    event = ledger.ledger.entered(request_id=key, reference=reference_of(key), amount=amount, how=how)
    redrive = Redrive(
        group or f"{ledger.ledger.prefix}-accounts",
        Position(first.topic, first.partition, first.offset),
        moment(first.timestamp),
        quiet,
    )
    attributes = topics.attributes(event.TYPE, id or f"{key}-{amount}")
    value = event.model_dump_json().encode()
    redrives = Redrives((secret or ledger.env["POSTIGO_INTERNAL_SECRET"]).encode())
    headers = redrives.signed_headers(redrive, str(key).encode(), value, attributes)
    return await ledger.producer.send_and_wait(
        ledger.ledger.entries, value=value, key=str(key).encode(), headers=headers
    )
