"""What is said waits for room instead of growing in memory, and keeps its order."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local import LocalStack
from services.common.domain.errors import BrokerUnavailable
from services.common.messaging import Publisher
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.producer.in_flight_limit import MOST_BYTES, MOST_RECORDS
from services.common.messaging.producer.publisher import HANGS_AFTER
from tests.support import stacks, topics
from tests.support.kafka_proxy import NO_RECORDS, KafkaProxy
from tests.support.waiting import eventually

MIB = 1024 * 1024

IMPATIENT = 1
"""Seconds, as the time limit of a publisher."""


async def test_no_more_is_on_its_way_than_fits_while_the_broker_does_not_answer(tmp_path: Path) -> None:
    async with stacks.own(tmp_path, ("kafka",), apply_topics=False) as engines:
        await _fill_a_frozen_broker(engines)


async def _fill_a_frozen_broker(engines: LocalStack) -> None:
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test", timeout=3)
    await publisher.append([ProducerRecord(topic, b"", b"first", ())])
    kafka = engines.pid("kafka")
    assert kafka is not None
    os.kill(kafka, signal.SIGSTOP)
    try:
        sends = [publisher.append([ProducerRecord(topic, b"", bytes(MIB), ())]) for _ in range(100)]
        ends = await asyncio.gather(*sends, return_exceptions=True)
    finally:
        os.kill(kafka, signal.SIGCONT)
    assert {type(end) for end in ends} == {BrokerUnavailable}

    await eventually(lambda: _lands(publisher, topic, b"last"))
    await publisher.stop()
    landed = await topics.read_all(engines.env["KAFKA_URL"], topic)
    assert len([record for record in landed if record.value == bytes(MIB)]) <= MOST_BYTES // MIB


async def test_a_producer_whose_sender_has_failed_is_replaced(engines: LocalStack) -> None:
    """Nothing else says so: the library answers each later send with the error that ended it, which may be any."""
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test")

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a bug of the library")

    try:
        await publisher.append([ProducerRecord(topic, b"", b"before", ())])
        assert publisher._producer is not None
        publisher._producer.client.send = breaks
        with pytest.raises(BrokerUnavailable):
            await publisher.append([ProducerRecord(topic, b"", b"lost", ())])
        await publisher.append([ProducerRecord(topic, b"", b"after", ())])
    finally:
        await publisher.stop()
    said = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert said == [b"before", b"after"]


@asynccontextmanager
async def behind_a_proxy(engines: LocalStack) -> AsyncIterator[tuple[Publisher, str, KafkaProxy]]:
    """A publisher of great impatience, and a topic that takes its records."""
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    async with KafkaProxy(engines.env["KAFKA_URL"]) as proxy:
        publisher = Publisher(f"127.0.0.1:{proxy.port}", client_id="test", timeout=IMPATIENT)
        try:
            yield publisher, topic, proxy
        finally:
            await publisher.stop()


async def test_a_producer_that_a_living_broker_acknowledges_no_more_hangs_until_it_does(engines: LocalStack) -> None:
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        await eventually(lambda: _lands(publisher, topic, b"before"))
        proxy.behave(NO_RECORDS)
        assert not await _lands(publisher, topic, b"late")
        assert not await publisher.hangs(), "it may still be acknowledged"
        await eventually(publisher.hangs)
        proxy.mend()
        await eventually(lambda: _lands(publisher, topic, b"after"))
        assert not await publisher.hangs()
    said = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert list(dict.fromkeys(said)) == [b"before", b"late", b"after"]


@pytest.mark.parametrize("asks", ["for a sign of life", "where a topic lies"])
async def test_a_producer_that_gets_no_answer_at_all_hangs(asks: str, engines: LocalStack) -> None:
    """It has nothing queued then."""
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test", timeout=IMPATIENT)

    async def no_answer(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    try:
        await eventually(lambda: _lands(publisher, topic, b"before"))
        assert publisher._producer is not None
        publisher._producer.client.fetch_all_metadata = publisher._producer.send = no_answer
        with pytest.raises(BrokerUnavailable):
            if asks == "for a sign of life":
                await publisher.probe()
            else:
                await publisher.append([ProducerRecord(topic, b"", b"nowhere yet", ())])
        await eventually(publisher.hangs)
    finally:
        await publisher.stop()


async def test_no_producer_hangs_while_the_broker_answers_nobody(engines: LocalStack) -> None:
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        await eventually(lambda: _lands(publisher, topic, b"before"))
        proxy.cut()
        assert not await _hangs_meanwhile(publisher, topic)
        proxy.behave(NO_RECORDS)
        await eventually(publisher.hangs)


async def test_a_producer_that_was_never_acknowledged_does_not_hang(engines: LocalStack) -> None:
    """A new process would fare no better."""
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        proxy.behave(NO_RECORDS)
        assert not await _hangs_meanwhile(publisher, topic)


async def _hangs_meanwhile(publisher: Publisher, topic: str) -> bool:
    """Whether it hangs at any time of twice as long as it takes, during which nothing lands."""
    until, found = time.monotonic() + 2 * HANGS_AFTER * IMPATIENT, []
    while time.monotonic() < until:
        assert not await _lands(publisher, topic, b"late")
        found.append(await publisher.hangs())
    return any(found)


async def _lands(publisher: Publisher, topic: str, value: bytes) -> bool:
    """Whether the broker takes it."""
    try:
        await publisher.append([ProducerRecord(topic, b"", value, ())])
    except BrokerUnavailable:
        return False
    return True


async def test_much_goes_in_parts_and_in_its_order(engines: LocalStack) -> None:
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test")
    values = [b"%d " % number + bytes(10_000) for number in range(3 * MOST_RECORDS)]
    try:
        appended = await publisher.append([ProducerRecord(topic, b"", value, ()) for value in values])
    finally:
        await publisher.stop()
    assert len(appended) == len(values)
    assert [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)] == values
