"""A store that is absent or stops answering counts as unavailable in time: with both drivers, with and without open
connections.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import pytest
from pymongo import IndexModel

from deploy.local import LocalStack
from services.common.domain.errors import StoreUnavailable
from services.common.store import (
    INTERACTIVE,
    Collection,
    Document,
    DocumentStore,
    Driver,
    connect,
    database,
    disconnect,
    store_deadline,
    translate_store_errors,
)
from tests.integration.store.spec import Tally, change
from tests.support.proxy import Manners, Proxy
from tests.support.waiting import eventually

SILENT: Final = Manners(deaf=True)
ABSENT_WITHIN: Final = 3.0
BATCH_WITHIN: Final = 11.0
INTERACTIVE_WITHIN: Final = 3.0
AT_ONCE: Final = 100
"""More operations than Motor has threads and a client has connections."""

Operation = Callable[[], Awaitable[object]]

drivers = pytest.mark.parametrize("driver", ["motor", "pymongo"])


@asynccontextmanager
async def things(port: int, driver: Driver, *timeout: float) -> AsyncIterator[Collection]:
    client = connect(f"mongodb://127.0.0.1:{port}", driver, *timeout)
    try:
        yield database(client, f"timeouts_{uuid4().hex[:8]}")["things"]
    finally:
        await disconnect(client)


async def unavailable_after(operation: Operation) -> float:
    """Seconds until the operation raises `StoreUnavailable`."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await operation()
    return time.monotonic() - started


def batch_operations(collection: Collection) -> list[Operation]:
    store = DocumentStore(collection, Tally)
    return [
        store.ensure_indexes,
        lambda: store.load(["a"]),
        lambda: store.save([change(Document("a"), 1)]),
        lambda: store.clear({"a": ["b"]}),
    ]


def interactive_operations(collection: Collection) -> list[Operation]:
    async def find() -> None:
        async with store_deadline():
            await collection.find_one({"_id": 1})

    async def page() -> None:
        async with store_deadline():
            [each async for each in collection.find({}).limit(5)]

    async def insert() -> None:
        async with store_deadline():
            await collection.insert_one({"a": 1})

    async def index() -> None:
        async with store_deadline():
            await collection.create_indexes([IndexModel([("a", 1)])])

    return [find, page, insert, index]


async def all_unavailable_after(operations: list[Operation]) -> float:
    return max(await asyncio.gather(*map(unavailable_after, operations)))


async def answers(collection: Collection) -> bool:
    with translate_store_errors():
        return await collection.count_documents({}) >= 0


@drivers
async def test_an_absent_store_is_unavailable_within_its_short_timeout(engines: LocalStack, driver: Driver) -> None:
    unused = engines.port("nobody")
    async with things(unused, driver) as batch, things(unused, driver, INTERACTIVE) as interactive:
        assert await all_unavailable_after(batch_operations(batch)) < ABSENT_WITHIN
        assert await all_unavailable_after(interactive_operations(interactive)) < INTERACTIVE_WITHIN


@drivers
async def test_a_store_that_accepts_connections_and_never_answers_is_unavailable(
    engines: LocalStack, driver: Driver
) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy:
        proxy.behave(SILENT)
        async with things(proxy.port, driver) as batch, things(proxy.port, driver, INTERACTIVE) as interactive:
            assert await all_unavailable_after(batch_operations(batch)) < ABSENT_WITHIN
            assert await all_unavailable_after(interactive_operations(interactive)) < INTERACTIVE_WITHIN


@drivers
async def test_a_batch_on_a_store_that_stops_answering_fails_within_its_timeout(
    engines: LocalStack, driver: Driver
) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, things(proxy.port, driver) as collection:
        assert await answers(collection)
        proxy.behave(SILENT)
        assert await all_unavailable_after(batch_operations(collection)) < BATCH_WITHIN
        proxy.mend()
        assert await eventually(lambda: answers(collection))


@drivers
async def test_many_waiting_operations_on_a_store_that_stops_answering_all_fail_in_time(
    engines: LocalStack, driver: Driver
) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, things(proxy.port, driver, INTERACTIVE) as collection:
        assert await answers(collection)
        proxy.behave(SILENT)
        operations = interactive_operations(collection) * (AT_ONCE // 4)
        for _ in range(2):
            assert await all_unavailable_after(operations) < INTERACTIVE_WITHIN
        proxy.mend()
        # Abandoned operations must not be executed first.
        assert await eventually(lambda: answers(collection), within=3)


@drivers
async def test_a_slow_store_is_not_unavailable_for_a_batch(engines: LocalStack, driver: Driver) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, things(proxy.port, driver) as collection:
        store = DocumentStore(collection, Tally)
        assert await answers(collection)
        proxy.behave(Manners(latency=INTERACTIVE))
        assert await store.save([change(Document("slow"), 1)]) == set()
        proxy.mend()
