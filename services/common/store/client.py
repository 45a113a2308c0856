"""The one door to MongoDB: how it is opened, and which of its errors mean that it is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeRegistry
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

from services.common.errors import StoreAway

Client = AsyncIOMotorClient[dict[str, Any]]
Database = AsyncIOMotorDatabase[dict[str, Any]]
Collection = AsyncIOMotorCollection[dict[str, Any]]

DUPLICATE_KEY: Final = 11000

_AWAY_CODES: Final = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031})
"""Server codes for unreachable, shutting down, stepping down, interrupted, and out of disk space."""

_UNREACHABLE: Final = (
    ConnectionFailure,
    ExecutionTimeout,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)


def _encode_day(value: Any) -> Any:
    """BSON knows moments but no calendar days: a day is stored as its ISO 8601 text."""
    return value.isoformat() if isinstance(value, date) else value


def codec_options() -> CodecOptions[dict[str, Any]]:
    return CodecOptions(
        tz_aware=True,
        uuid_representation=UuidRepresentation.STANDARD,
        type_registry=TypeRegistry(fallback_encoder=_encode_day),
    )


def connect(url: str) -> Client:
    """A client that gives up on an absent server within 2 s and acknowledges only journalled majority writes."""
    return AsyncIOMotorClient(
        url,
        w="majority",
        journal=True,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=2_000,
        connectTimeoutMS=2_000,
        socketTimeoutMS=10_000,
        maxPoolSize=20,
    )


def database(client: Client, name: str) -> Database:
    return client.get_database(name, codec_options=codec_options())


@contextmanager
def reaching_store() -> Iterator[None]:
    """Translate what the driver raises when the store is away. The driver's text is dropped: it carries documents."""
    try:
        yield
    except _UNREACHABLE as error:
        raise StoreAway(type(error).__name__) from None
    except BulkWriteError as error:
        codes = {entry.get("code") for entry in error.details.get("writeErrors", ())}
        if error.details.get("writeConcernErrors") or codes & _AWAY_CODES:
            raise StoreAway("a bulk write was not confirmed") from None
        raise
    except OperationFailure as error:
        if error.code in _AWAY_CODES:
            raise StoreAway(f"code {error.code}") from None
        raise
