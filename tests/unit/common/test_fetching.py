"""A stream of records is asked for in few large answers, and a first record after a pause at once."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from services.common.messaging.fetching import Door

AN_HOUR = 3600.0


def batch() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, True, -1, -1, -1, 1_000_000)
    builder.append(0, None, b"key", b"value", [])
    return bytes(builder.build())


class Connection:
    """The client library's, to a broker that answers at once."""

    def __init__(self) -> None:
        self.holds = b""
        self.asked = 0
        self.send: Any = self._answer

    async def _answer(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        return SimpleNamespace(topics=[("entries", [(0, 0, 1, 1, None, self.holds)])])

    async def fetch(self) -> None:
        await self.send(0, FetchRequest(500, 1, 1_000_000, 1, []))


def behind_a_door(gather: float) -> Connection:
    connection = Connection()
    consumer = SimpleNamespace(_client=connection, _fetcher=SimpleNamespace(_records={}))
    Door(gather).stand_in(cast(AIOKafkaConsumer, consumer))
    return connection


async def test_after_records_came_it_is_a_while_before_more_are_asked_for() -> None:
    connection = behind_a_door(gather=AN_HOUR)
    for _ in range(3):
        await connection.fetch()
    connection.holds = batch()
    await connection.fetch()
    assert connection.asked == 4, "nothing came before, so nothing waits"
    more = asyncio.create_task(connection.fetch())
    await asyncio.wait([more], timeout=0.05)
    assert connection.asked == 4
    more.cancel()


async def test_who_gathers_nothing_asks_again_at_once() -> None:
    connection = behind_a_door(gather=0)
    connection.holds = batch()
    for _ in range(3):
        await connection.fetch()
    assert connection.asked == 3
