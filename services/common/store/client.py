"""The one door to MongoDB, and how it is opened."""

from datetime import date
from inspect import isawaitable
from typing import Any, Final, Literal, cast

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeRegistry
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.mongo_client import AsyncMongoClient

# PyMongo's types stand for Motor's too: what is used of the two is the same, but for `close`.
Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]

Driver = Literal["motor", "pymongo"]

DUPLICATE_KEY: Final = 11000

BATCH: Final = 10.0
"""Seconds that the store has to answer a consumer, whose bulk writes may be slow: fewer than until it counts as hung."""

INTERACTIVE: Final = 2.0
"""Seconds that the store has to answer a process that somebody waits for."""


def _encode_day(value: Any) -> Any:
    """BSON knows moments but no calendar days: a day is stored as its ISO 8601 text."""
    return value.isoformat() if isinstance(value, date) else value


def codec_options() -> CodecOptions[dict[str, Any]]:
    return CodecOptions(
        tz_aware=True,
        uuid_representation=UuidRepresentation.STANDARD,
        type_registry=TypeRegistry(fallback_encoder=_encode_day),
    )


def connect(url: str, driver: Driver = "motor", answer_within: float = BATCH) -> Client:
    """A client that acknowledges only journalled majority writes.

    A server that does not answer an operation within `answer_within` seconds is away; an absent one is known as away
    after two fifths of them, and after 2 s at most.
    """
    # Not `timeoutMS`: it would take the place of the shorter time for finding a server.
    answer_ms = round(1000 * answer_within)
    find_ms = min(2_000, round(0.4 * answer_ms))
    options: dict[str, Any] = {
        "w": "majority",
        "journal": True,
        "tz_aware": True,
        "uuidRepresentation": "standard",
        "serverSelectionTimeoutMS": find_ms,
        "waitQueueTimeoutMS": find_ms,
        # The driver's heartbeat has this time, too. It breaks off what is under way: a slow write must not end with it.
        "connectTimeoutMS": answer_ms,
        "socketTimeoutMS": answer_ms,
        # A second try would double every wait. Nothing needs it: a consumer takes its batch again, where a write that
        # landed unheard is a duplicate or a version conflict, and a person is told when to come back.
        "retryReads": False,
        "retryWrites": False,
        "maxPoolSize": 20,
    }
    if driver == "pymongo":
        return AsyncMongoClient(url, **options)
    from motor.motor_asyncio import AsyncIOMotorClient

    return cast(Client, AsyncIOMotorClient(url, **options))


async def disconnect(client: Client) -> None:
    """Close the client: Motor does so at once, PyMongo is awaited."""
    closing: Any = client.close()
    if isawaitable(closing):
        await closing


def database(client: Client, name: str) -> Database:
    return client.get_database(name, codec_options=codec_options())
