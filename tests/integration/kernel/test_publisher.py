"""What is said waits for room instead of growing in memory, and keeps its order."""

import asyncio
import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import LocalStack
from services.common.errors import BrokerAway
from services.common.messaging import Publisher
from services.common.messaging.producing import ProducerRecord
from services.common.messaging.room import MOST_BYTES, MOST_RECORDS
from tests.support import stacks, topics
from tests.support.waiting import eventually

MIB = 1024 * 1024


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
    assert {type(end) for end in ends} == {BrokerAway}

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
        with pytest.raises(BrokerAway):
            await publisher.append([ProducerRecord(topic, b"", b"lost", ())])
        await publisher.append([ProducerRecord(topic, b"", b"after", ())])
    finally:
        await publisher.stop()
    said = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert said == [b"before", b"after"]


async def test_a_producer_that_a_living_broker_never_answers_is_replaced(engines: LocalStack) -> None:
    """An idempotent producer never gives a send up, and would pass for an outage for ever."""
    topic = f"room.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test", timeout=1)

    async def hangs(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    try:
        await publisher.append([ProducerRecord(topic, b"", b"before", ())])
        silent = publisher._producer
        assert silent is not None
        silent.client.send = hangs
        assert not await _lands(publisher, topic, b"after"), "one time limit is no reason to lose what may still land"
        assert publisher._producer is silent
        await eventually(lambda: _lands(publisher, topic, b"after"), within=20)
        await eventually(lambda: _ended(silent), within=5)
    finally:
        await publisher.stop()
    said = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert said == [b"before", b"after"]


async def _lands(publisher: Publisher, topic: str, value: bytes) -> bool:
    """Whether the broker takes it."""
    try:
        await publisher.append([ProducerRecord(topic, b"", value, ())])
    except BrokerAway:
        return False
    return True


async def _ended(producer: AIOKafkaProducer) -> bool:
    return bool(producer._sender.sender_task.done())


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
