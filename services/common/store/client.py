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

ANSWER_WITHIN: Final = 10.0
"""Seconds that the store has for an answer."""


def _encode_day(value: Any) -> Any:
    """BSON knows moments but no calendar days: a day is stored as its ISO 8601 text."""
    return value.isoformat() if isinstance(value, date) else value


def codec_options() -> CodecOptions[dict[str, Any]]:
    return CodecOptions(
        tz_aware=True,
        uuid_representation=UuidRepresentation.STANDARD,
        type_registry=TypeRegistry(fallback_encoder=_encode_day),
    )


def connect(url: str, driver: Driver = "motor") -> Client:
    """A client that gives up on an absent server within 2 s and acknowledges only journalled majority writes."""
    options: dict[str, Any] = {
        "w": "majority",
        "journal": True,
        "tz_aware": True,
        "uuidRepresentation": "standard",
        "serverSelectionTimeoutMS": 2_000,
        "connectTimeoutMS": 2_000,
        # For an operation with all its tries: a slow store must be known as slow before the consumer counts as hung.
        "timeoutMS": round(1000 * ANSWER_WITHIN),
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
