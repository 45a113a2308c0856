"""Connecting to MongoDB, with one set of options for both drivers."""

from datetime import date
from inspect import isawaitable
from typing import Any, Final, Literal, cast

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeRegistry
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.mongo_client import AsyncMongoClient

# PyMongo's types are used for Motor too: the methods we call are the same, except `close`.
Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]

Driver = Literal["motor", "pymongo"]

DUPLICATE_KEY: Final = 11000

BATCH: Final = 10.0
"""Seconds that the store has to answer a consumer. Bulk writes may be slow, but must end before a consumer counts as hung."""

INTERACTIVE: Final = 2.0
"""Seconds that the store has to answer while a person waits."""


def _encode_day(value: Any) -> Any:
    """BSON has no type for a date without a time: a date is stored as ISO 8601 text."""
    return value.isoformat() if isinstance(value, date) else value


def codec_options() -> CodecOptions[dict[str, Any]]:
    return CodecOptions(
        tz_aware=True,
        uuid_representation=UuidRepresentation.STANDARD,
        type_registry=TypeRegistry(fallback_encoder=_encode_day),
    )


def connect(url: str, driver: Driver = "motor", answer_within: float = BATCH) -> Client:
    """A client whose writes are acknowledged once a majority has journalled them.

    A server that does not answer an operation within `answer_within` seconds counts as unavailable. If no server is
    found, that is known after two fifths of this time, and after 2 s at most.
    """
    # Not `timeoutMS`: it would replace the shorter timeout for finding a server.
    answer_ms = round(1000 * answer_within)
    find_ms = min(2_000, round(0.4 * answer_ms))
    options: dict[str, Any] = {
        "w": "majority",
        "journal": True,
        "tz_aware": True,
        "uuidRepresentation": "standard",
        "serverSelectionTimeoutMS": find_ms,
        "waitQueueTimeoutMS": find_ms,
        # The driver's heartbeat uses this timeout too, and a failed heartbeat aborts running operations: a slow write
        # needs the longer time.
        "connectTimeoutMS": answer_ms,
        "socketTimeoutMS": answer_ms,
        # A driver's retry would double every wait. A consumer retries its whole batch, and recognises a write that was
        # done but not acknowledged as a duplicate or a version conflict. A person gets a 503 with `Retry-After`.
        "retryReads": False,
        "retryWrites": False,
        "maxPoolSize": 20,
    }
    if driver == "pymongo":
        return AsyncMongoClient(url, **options)
    from motor.motor_asyncio import AsyncIOMotorClient

    return cast(Client, AsyncIOMotorClient(url, **options))


async def disconnect(client: Client) -> None:
    """Close the client. PyMongo's `close` must be awaited, Motor's must not."""
    closing: Any = client.close()
    if isawaitable(closing):
        await closing


def database(client: Client, name: str) -> Database:
    return client.get_database(name, codec_options=codec_options())
