"""Runs the store's specification with both drivers."""

from collections.abc import AsyncIterator
from typing import ClassVar
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from services.common.store import Collection, DocumentStore, Driver, connect, database, disconnect
from tests.integration.store.spec import StoreSpec, Tally


@pytest_asyncio.fixture(scope="class", loop_scope="session")
async def collection(request: pytest.FixtureRequest, engines: LocalStack) -> AsyncIterator[Collection]:
    """A collection for one test class."""
    client = connect(engines.env["MONGO_URL"], request.cls.driver)
    own = database(client, f"store_{uuid4().hex[:8]}")
    yield own["tallies"]
    await client.drop_database(own.name)
    await disconnect(client)


@pytest_asyncio.fixture(scope="class", loop_scope="session")
async def store(collection: Collection) -> DocumentStore[Tally]:
    store = DocumentStore(collection, Tally)
    await store.ensure_indexes()
    return store


class TestMotor(StoreSpec):
    driver: ClassVar[Driver] = "motor"


class TestPyMongo(StoreSpec):
    driver: ClassVar[Driver] = "pymongo"
