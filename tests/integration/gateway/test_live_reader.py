"""The reader of live updates: it continues where it was after an outage, and skips what is no fact for people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest_asyncio
from aiokafka import TopicPartition

from gateway.live.hub import Hub
from gateway.live.reader import PARTITIONS, LifecycleReader
from services.common.contracts import topics
from services.common.contracts.lifecycle import LifecycleFact, RequestInAnalysis, State
from services.common.domain.identifiers import reference_of
from tests.integration.gateway.gateway_environment import GatewayEnvironment
from tests.integration.gateway.test_acts import publish
from tests.support.kafka_proxy import KafkaProxy
from tests.support.topics import attributes, producer
from tests.support.waiting import eventually


class Reading:
    """A reader behind a proxy, and the facts that it has read about one account's requests."""

    def __init__(self, proxy: KafkaProxy, positions: dict[TopicPartition, int] | None = None) -> None:
        self.proxy = proxy
        self.hub = Hub()
        self.account_id = uuid4()
        self._start = self.hub.recent.number
        self.reader = LifecycleReader(f"127.0.0.1:{proxy.port}", self.hub, positions or {})

    def fact(self, number: int) -> LifecycleFact:
        """The first fact of a request."""
        request_id = UUID(int=self.account_id.int ^ number)
        return RequestInAnalysis(
            request_id=request_id,
            reference=reference_of(request_id),
            account_id=self.account_id,
            occurred_at=datetime.now(UTC),
            seq=1,
            state=State.IN_ANALYSIS,
            department="pf",
        )

    async def has(self, *numbers: int) -> bool:
        found = {live.reference for live in self.hub.recent.since(self.account_id, self._start) or ()}
        return found == {reference_of(UUID(int=self.account_id.int ^ number)) for number in numbers}

    async def is_delayed(self) -> bool:
        return self.hub.is_delayed

    async def is_current(self) -> bool:
        return not self.hub.is_delayed


@asynccontextmanager
async def running(found: Reading) -> AsyncIterator[Reading]:
    """The reader is current at the start of the block."""
    task = asyncio.create_task(found.reader.run())
    await eventually(found.is_current, within=60)
    yield found
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest_asyncio.fixture(loop_scope="session")
async def reading(gateway: GatewayEnvironment) -> AsyncIterator[Reading]:
    async with KafkaProxy(gateway.stack.env["KAFKA_URL"]) as proxy, running(Reading(proxy)) as found:
        yield found


async def test_what_was_appended_during_an_outage_is_read_after_it(
    gateway: GatewayEnvironment, reading: Reading
) -> None:
    await publish(gateway, reading.fact(1))
    await eventually(partial(reading.has, 1))
    for _ in range(2):
        reading.proxy.cut()
        await eventually(reading.is_delayed, within=40)
        await publish(gateway, reading.fact(2))
        reading.proxy.mend()
        await eventually(reading.is_current, within=40)
        await eventually(partial(reading.has, 1, 2))
    assert reading.hub.losses == 0


async def test_a_log_that_no_longer_has_what_was_missed_is_a_loss(gateway: GatewayEnvironment) -> None:
    # As if records had been deleted: the log does not have this offset.
    positions = dict.fromkeys(PARTITIONS, 10**9)
    async with (
        KafkaProxy(gateway.stack.env["KAFKA_URL"]) as proxy,
        running(Reading(proxy, positions)) as reading,
    ):

        async def reads_again() -> bool:
            return reading.hub.losses == 1 and reading.reader.positions.get(PARTITIONS[0], 10**9) < 10**9

        await eventually(reads_again)
        await publish(gateway, reading.fact(1))

        async def has_the_fact() -> bool:
            return bool(reading.hub.recent.since(reading.account_id, reading.hub.recent.number - 1))

        await eventually(has_the_fact)


async def test_an_unreadable_record_is_skipped(gateway: GatewayEnvironment, reading: Reading) -> None:
    sending = await producer(gateway.stack.env["KAFKA_URL"])
    try:
        key = str(uuid4()).encode()
        headers = attributes("pt.postigo.request.answered.v1", str(uuid4()))
        await sending.send_and_wait(topics.LIFECYCLE, b"{", key=key, headers=headers)
        await sending.send_and_wait(topics.LIFECYCLE, None, key=b"", headers=[])
    finally:
        await sending.stop()
    await publish(gateway, reading.fact(1))
    await eventually(partial(reading.has, 1))
