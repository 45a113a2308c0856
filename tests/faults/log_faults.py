"""Faults of the log: copies of records, in order or shuffled, rewound offsets, and poison records."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.topics_apply import admin_client
from deploy.verification.log import Log, Offsets
from services.common.domain.position import Position
from tests.faults.environment import FaultsEnvironment
from tests.support.waiting import eventually

T = TypeVar("T")

COPIED: Final = 15
"""The number of records that are copied at one time."""

MAX_REWIND: Final = 10
"""The maximal number of records of each partition that a group consumes again."""

BROKER_WITHIN: Final = 90.0
"""Seconds to wait for a frozen or restarting broker."""

FAMILIES: Final = {"inboxes": ".inbox.v1", "outboxes": ".outbox.v1"}
"""Names for groups of topics in schedules, and the suffix of those topics."""


@asynccontextmanager
async def open_producer(environment: FaultsEnvironment) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=environment.kafka, acks="all", enable_idempotence=True)
    await _retry(lambda: _started(producer))
    try:
        yield producer
    finally:
        await producer.stop()


async def _started(producer: AIOKafkaProducer) -> bool:
    await producer.start()
    return True


async def _records_since(environment: FaultsEnvironment, begin: Offsets) -> tuple[Any, ...]:
    """The records on the topics since `begin`, after a None, so that the result is never empty."""
    async with Log(environment.kafka) as log:
        return (None, *await log.between(begin, await log.ends()))


async def _retry(call: Callable[[], Awaitable[T]]) -> T:
    """The result of `call`, retried while the broker is unavailable."""

    async def attempt() -> T | None:
        try:
            return await call()
        except (KafkaError, OSError, TimeoutError):
            return None

    answer = await eventually(attempt, within=BROKER_WITHIN, every=0.5)
    assert answer is not None
    return answer


async def append_copies(
    environment: FaultsEnvironment, begin: Offsets, name: str, chance: random.Random, *, shuffled: bool
) -> None:
    """Append copies of old records of one topic, or of one group of topics, in order or shuffled."""
    _, *records = await _retry(lambda: _records_since(environment, begin))
    chosen = [raw for raw in records if _named(raw.topic, name) and _is_not_poison(raw, environment)]
    chosen = sorted(chance.sample(chosen, min(COPIED, len(chosen))), key=records.index)
    if shuffled:
        chance.shuffle(chosen)
    async with open_producer(environment) as producer:
        for raw in chosen:
            sent = await producer.send_and_wait(
                raw.topic, value=raw.value, key=raw.key, headers=list(raw.headers), partition=raw.partition
            )
            environment.appended_copies.add(Position(sent.topic, sent.partition, sent.offset))


def _named(topic: str, name: str) -> bool:
    return topic == name or (name in FAMILIES and topic.endswith(FAMILIES[name]))


def _is_not_poison(raw: Any, environment: FaultsEnvironment) -> bool:
    return Position(raw.topic, raw.partition, raw.offset) not in environment.poisoned


async def append_poison(environment: FaultsEnvironment, topic: str, chance: random.Random) -> None:
    """Append a record that cannot be read."""
    value, headers = chance.choice(_poison())
    async with open_producer(environment) as producer:
        key = str(UUID(int=chance.getrandbits(128))).encode()
        sent = await producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
        environment.poisoned.add(Position(sent.topic, sent.partition, sent.offset))


def _poison() -> Sequence[tuple[bytes | None, Sequence[tuple[str, bytes]]]]:
    named = [("ce_id", b"poison"), ("ce_type", b"pt.postigo.request.submitted.v1")]
    return [
        (b"{not json", named),
        (b"{}", [("ce_id", b"poison"), ("ce_type", b"pt.postigo.nothing.known.v9")]),
        (b"{}", named[1:]),
        (None, named),
        (b"{}", [*named, ("ce_specversion", b"1.0")]),
        (b"\xff" * 400_000, named),
    ]


async def rewind_offsets(environment: FaultsEnvironment, group: str, chance: random.Random) -> None:
    """Move the offsets of a group without members back, so that it consumes some records again."""

    async def empty() -> bool:
        async with admin_client(environment.kafka) as admin:
            (answer,) = await admin.describe_consumer_groups([group])
            return bool(answer.to_object()["groups"][0]["state"] == "Empty")

    await _retry(empty)
    async with admin_client(environment.kafka) as admin:
        committed = await admin.list_consumer_group_offsets(group)
    back = {tp: max(0, at.offset - chance.randint(1, MAX_REWIND)) for tp, at in committed.items() if at.offset > 0}
    await _commit(environment, group, back)


async def _commit(environment: FaultsEnvironment, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=environment.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        if offsets:
            consumer.assign(list(offsets))
            async with asyncio.timeout(30):
                await consumer.commit(offsets)
    finally:
        await consumer.stop()
