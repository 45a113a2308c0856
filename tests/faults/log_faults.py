"""What is done to the log itself: records delivered twice or in another order, offsets rewound, and poison."""

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
from tests.faults.town import Town
from tests.support.waiting import eventually

T = TypeVar("T")

SAID_AGAIN: Final = 15
"""Records delivered again at one time."""

REWOUND: Final = 10
"""Records of each partition that a group is made to take again, at most."""

BACK_WITHIN: Final = 90.0
"""Seconds that a frozen broker, or one that starts again, is waited for."""

FAMILIES: Final = {"inboxes": ".inbox.v1", "outboxes": ".outbox.v1"}
"""Topics that a schedule names together, by how their names end."""


@asynccontextmanager
async def appending(town: Town) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=town.kafka, acks="all", enable_idempotence=True)
    await _patiently(lambda: _started(producer))
    try:
        yield producer
    finally:
        await producer.stop()


async def _started(producer: AIOKafkaProducer) -> bool:
    await producer.start()
    return True


async def _lying(town: Town, begin: Offsets) -> tuple[Any, ...]:
    """What lies on the topics since `begin`; never empty."""
    async with Log(town.kafka) as log:
        return (None, *await log.between(begin, await log.ends()))


async def _patiently(asking: Callable[[], Awaitable[T]]) -> T:
    """The answer, however long the broker is frozen, or takes to come back."""

    async def asked() -> T | None:
        try:
            return await asking()
        except (KafkaError, OSError, TimeoutError):
            return None

    answer = await eventually(asked, within=BACK_WITHIN, every=0.5)
    assert answer is not None
    return answer


async def said_again(town: Town, begin: Offsets, name: str, chance: random.Random, *, shuffled: bool) -> None:
    """Append records of one topic, or of one kind of topic, again as they are: old ones, late, perhaps disordered."""
    _, *there = await _patiently(lambda: _lying(town, begin))
    chosen = [raw for raw in there if _named(raw.topic, name) and _is_ours(raw, town)]
    chosen = sorted(chance.sample(chosen, min(SAID_AGAIN, len(chosen))), key=there.index)
    if shuffled:
        chance.shuffle(chosen)
    async with appending(town) as producer:
        for raw in chosen:
            sent = await producer.send_and_wait(
                raw.topic, value=raw.value, key=raw.key, headers=list(raw.headers), partition=raw.partition
            )
            town.said_again.add(Position(sent.topic, sent.partition, sent.offset))


def _named(topic: str, name: str) -> bool:
    return topic == name or (name in FAMILIES and topic.endswith(FAMILIES[name]))


def _is_ours(raw: Any, town: Town) -> bool:
    return Position(raw.topic, raw.partition, raw.offset) not in town.poisoned


async def spoiled(town: Town, topic: str, chance: random.Random) -> None:
    """Append something that nobody can read, among what is being said."""
    value, headers = chance.choice(_poison())
    async with appending(town) as producer:
        key = str(UUID(int=chance.getrandbits(128))).encode()
        sent = await producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
        town.poisoned.add(Position(sent.topic, sent.partition, sent.offset))


def _poison() -> Sequence[tuple[bytes | None, Sequence[tuple[str, bytes]]]]:
    named = [("ce_id", b"poison"), ("ce_type", b"pt.postigo.request.submitted.v1")]
    return [
        (b"{not json", named),
        (b"{}", [("ce_id", b"poison"), ("ce_type", b"pt.postigo.nothing.known.v9")]),
        (b"{}", named[1:]),
        (None, named),
        (b"\xff" * 400_000, named),
    ]


async def rewound(town: Town, group: str, chance: random.Random) -> None:
    """Let a group that has no member take some records again."""

    async def empty() -> bool:
        async with admin_client(town.kafka) as admin:
            (answer,) = await admin.describe_consumer_groups([group])
            return bool(answer.to_object()["groups"][0]["state"] == "Empty")

    await _patiently(empty)
    async with admin_client(town.kafka) as admin:
        taken = await admin.list_consumer_group_offsets(group)
    back = {tp: max(0, at.offset - chance.randint(1, REWOUND)) for tp, at in taken.items() if at.offset > 0}
    await _commit(town, group, back)


async def _commit(town: Town, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=town.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        if offsets:
            consumer.assign(list(offsets))
            async with asyncio.timeout(30):
                await consumer.commit(offsets)
    finally:
        await consumer.stop()
