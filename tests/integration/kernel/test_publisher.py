"""The publisher: a bounded number of records in flight, order, and detection of a hung producer."""

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
from services.common.messaging.producer.in_flight_limit import MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_RECORDS
from services.common.messaging.producer.publisher import HANGS_AFTER
from tests.support import stacks, topics
from tests.support.kafka_proxy import NO_RECORDS, KafkaProxy
from tests.support.waiting import eventually

MIB = 1024 * 1024

SHORT_TIMEOUT = 1
"""Seconds: a publisher's timeout."""


async def test_records_in_flight_are_bounded_while_the_broker_does_not_answer(tmp_path: Path) -> None:
    async with stacks.own(tmp_path, ("kafka",), apply_topics=False) as engines:
        await _fill_a_frozen_broker(engines)


async def _fill_a_frozen_broker(engines: LocalStack) -> None:
    topic = f"publisher.{uuid4().hex}"
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

    await eventually(lambda: _is_acknowledged(publisher, topic, b"last"))
    await publisher.stop()
    appended = await topics.read_all(engines.env["KAFKA_URL"], topic)
    assert len([record for record in appended if record.value == bytes(MIB)]) <= MAX_IN_FLIGHT_BYTES // MIB


async def test_a_producer_whose_sender_has_failed_is_replaced(engines: LocalStack) -> None:
    """Aiokafka raises the error that ended its sender task, whatever its type, for each later send."""
    topic = f"publisher.{uuid4().hex}"
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
    values = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert values == [b"before", b"after"]


@asynccontextmanager
async def behind_a_proxy(engines: LocalStack) -> AsyncIterator[tuple[Publisher, str, KafkaProxy]]:
    """A publisher with a short timeout, a topic for its records, and the proxy between publisher and broker."""
    topic = f"publisher.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    async with KafkaProxy(engines.env["KAFKA_URL"]) as proxy:
        publisher = Publisher(f"127.0.0.1:{proxy.port}", client_id="test", timeout=SHORT_TIMEOUT)
        try:
            yield publisher, topic, proxy
        finally:
            await publisher.stop()


async def test_a_producer_that_a_living_broker_acknowledges_no_more_hangs_until_it_does(engines: LocalStack) -> None:
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        await eventually(lambda: _is_acknowledged(publisher, topic, b"before"))
        proxy.behave(NO_RECORDS)
        assert not await _is_acknowledged(publisher, topic, b"late")
        assert not await publisher.hangs(), "the send may still be acknowledged"
        await eventually(publisher.hangs)
        proxy.mend()
        await eventually(lambda: _is_acknowledged(publisher, topic, b"after"))
        assert not await publisher.hangs()
    values = [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)]
    assert list(dict.fromkeys(values)) == [b"before", b"late", b"after"]


@pytest.mark.parametrize("request_for", ["metadata", "topic metadata before a send"])
async def test_a_producer_that_gets_no_metadata_hangs(request_for: str, engines: LocalStack) -> None:
    """Nothing is queued in this case, so no acknowledgement is overdue."""
    topic = f"publisher.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test", timeout=SHORT_TIMEOUT)

    async def no_answer(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    try:
        await eventually(lambda: _is_acknowledged(publisher, topic, b"before"))
        assert publisher._producer is not None
        publisher._producer.client.fetch_all_metadata = publisher._producer.send = no_answer
        with pytest.raises(BrokerUnavailable):
            if request_for == "metadata":
                await publisher.probe()
            else:
                await publisher.append([ProducerRecord(topic, b"", b"nowhere yet", ())])
        await eventually(publisher.hangs)
    finally:
        await publisher.stop()


async def test_no_producer_hangs_while_the_broker_answers_no_client(engines: LocalStack) -> None:
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        await eventually(lambda: _is_acknowledged(publisher, topic, b"before"))
        proxy.cut()
        assert not await _hangs_within_bound(publisher, topic)
        proxy.behave(NO_RECORDS)
        await eventually(publisher.hangs)


async def test_a_producer_that_was_never_acknowledged_does_not_hang(engines: LocalStack) -> None:
    """A new process would not be acknowledged either."""
    async with behind_a_proxy(engines) as (publisher, topic, proxy):
        proxy.behave(NO_RECORDS)
        assert not await _hangs_within_bound(publisher, topic)


async def _hangs_within_bound(publisher: Publisher, topic: str) -> bool:
    """Whether the producer counts as hung within twice the time that this needs; no send may succeed meanwhile."""
    until, found = time.monotonic() + 2 * HANGS_AFTER * SHORT_TIMEOUT, []
    while time.monotonic() < until:
        assert not await _is_acknowledged(publisher, topic, b"late")
        found.append(await publisher.hangs())
    return any(found)


async def _is_acknowledged(publisher: Publisher, topic: str, value: bytes) -> bool:
    """Whether the broker acknowledges the record."""
    try:
        await publisher.append([ProducerRecord(topic, b"", value, ())])
    except BrokerUnavailable:
        return False
    return True


async def test_many_records_are_sent_in_chunks_and_in_order(engines: LocalStack) -> None:
    topic = f"publisher.{uuid4().hex}"
    await topics.create(engines.env["KAFKA_URL"], {topic: 1})
    publisher = Publisher(engines.env["KAFKA_URL"], client_id="test")
    values = [b"%d " % number + bytes(10_000) for number in range(3 * MAX_IN_FLIGHT_RECORDS)]
    try:
        appended = await publisher.append([ProducerRecord(topic, b"", value, ()) for value in values])
    finally:
        await publisher.stop()
    assert len(appended) == len(values)
    assert [record.value for record in await topics.read_all(engines.env["KAFKA_URL"], topic)] == values
