"""The faults that our proxies simulate are recognised by our adapters as outages of the engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import uuid4

import pytest
from minio import Minio

from deploy.local import LocalStack
from services.common.domain.errors import ObjectStoreUnavailable, StoreUnavailable
from services.common.store import Collection, connect, database, disconnect, translate_store_errors
from services.documents.objects import translate_object_store_errors
from tests.faults.error_protocols import DISK_FULL, SHUTTING_DOWN, WRITES, MongoRefusing, S3Failing
from tests.support.proxy import Manners, Proxy
from tests.support.waiting import eventually


@asynccontextmanager
async def collection(proxy: Proxy) -> AsyncIterator[Collection]:
    client = connect(f"mongodb://127.0.0.1:{proxy.port}")
    try:
        yield database(client, f"faults_{uuid4().hex[:8]}")["things"]
    finally:
        await disconnect(client)


async def count(things: Collection) -> int | None:
    """The number of documents; None if only this call notices that its connection was closed."""
    with suppress(StoreUnavailable), translate_store_errors():
        return await things.count_documents({})
    return None


async def test_a_store_that_rejects_writes_is_unavailable_for_writes_and_can_still_be_read(engines: LocalStack) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, collection(proxy) as things:
        await things.insert_one({"_id": 1})
        proxy.behave(Manners(wire=MongoRefusing(DISK_FULL, WRITES)))
        with pytest.raises(StoreUnavailable), translate_store_errors():
            await things.insert_one({"_id": 2})
        with pytest.raises(StoreUnavailable), translate_store_errors():
            await things.update_one({"_id": 1}, {"$set": {"a": 1}})
        assert await things.find_one({"_id": 1}) == {"_id": 1}
        proxy.mend()
        assert await eventually(partial(count, things)) == 1


async def test_a_store_that_answers_with_errors_is_unavailable(engines: LocalStack) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, collection(proxy) as things:
        proxy.behave(Manners(wire=MongoRefusing(SHUTTING_DOWN)))
        with pytest.raises(StoreUnavailable), translate_store_errors():
            await things.find_one({})


async def test_a_write_to_a_store_that_does_not_answer_is_stored_although_it_is_not_acknowledged(
    engines: LocalStack,
) -> None:
    async with Proxy(engines.env["MONGO_URL"]) as proxy, collection(proxy) as things:
        await things.insert_one({"_id": 1})
        proxy.behave(Manners(deaf=True))
        writing = asyncio.ensure_future(things.insert_one({"_id": 2}))
        await asyncio.wait([writing], timeout=0.5)
        assert not writing.done()
        proxy.mend()
        with pytest.raises(StoreUnavailable), translate_store_errors():
            await writing
        assert await eventually(partial(count, things)) == 2


async def test_an_object_store_that_answers_with_errors_is_unavailable(engines: LocalStack) -> None:
    async with Proxy(engines.env["S3_URL"]) as proxy:
        keys = engines.env["S3_ACCESS_KEY"], engines.env["S3_SECRET_KEY"]
        client = Minio(f"127.0.0.1:{proxy.port}", *keys, secure=False)
        proxy.behave(Manners(wire=S3Failing()))
        with pytest.raises(ObjectStoreUnavailable), translate_object_store_errors():
            await asyncio.to_thread(client.list_buckets)


async def test_of_two_targets_an_absent_one_is_skipped(engines: LocalStack) -> None:
    unused = f"127.0.0.1:{engines.port('nobody')}"
    async with Proxy(unused, engines.env["MONGO_URL"]) as proxy:
        for _ in range(3):
            async with collection(proxy) as things:
                assert await things.find_one({}) is None
