"""Read from the services' stores which documents wait for a dead letter. Nothing is ever written there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo.errors import OperationFailure

from services.common.domain.position import Position
from services.common.runtime.settings import Settings
from services.common.store import Collection, connect, database, disconnect, translate_store_errors


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """Where the aggregates of a group are stored: the database (without its prefix) and the collection."""

    group: str
    database: str
    collection: str


STORES: Final = (
    StoreLocation("intake", "intake", "requests"),
    StoreLocation("routing", "routing", "assignments"),
    StoreLocation("documents", "documents", "documents"),
)


COMMAND_NOT_FOUND: Final = 59
"""The code of stores that know no accounts."""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record that a document waits for: its original position, and when it was appended there."""

    position: Position
    at: datetime


@dataclass(frozen=True, slots=True)
class BlockedDocument:
    """A document that waits for dead letters, and the records it waits for, in the order of processing."""

    group: str
    key: str
    records: tuple[ParkedRecord, ...]


class ServiceStores:
    """The stores of all services, for reading. Every method raises `StoreUnavailable`."""

    def __init__(self, settings: Settings, locations: Sequence[StoreLocation] = STORES) -> None:
        self._client = connect(settings.mongo_url, settings.mongo_driver)
        self._prefix = settings.mongo_database_prefix
        self._locations: Mapping[str, StoreLocation] = {location.group: location for location in locations}

    async def close(self) -> None:
        await disconnect(self._client)

    async def account(self) -> str | None:
        """The account that the store has checked for this connection. None without one, and where the store has none."""
        with translate_store_errors():
            try:
                status = await self._client.admin.command("connectionStatus")
            except OperationFailure as error:
                if error.code != COMMAND_NOT_FOUND:
                    raise
                return None
        users = status["authInfo"]["authenticatedUsers"]
        return str(users[0]["user"]) if users else None

    def collection(self, owner: str, name: str) -> Collection:
        return database(self._client, f"{self._prefix}_{owner}")[name]

    async def blocked(self) -> list[BlockedDocument]:
        """All blocked documents. The query uses a partial index that contains only these."""
        return [
            document
            for group in self._locations
            for document in await self._find(group, {"blocked.at": {"$exists": True}})
        ]

    async def still_blocked(self, documents: Iterable[BlockedDocument]) -> list[BlockedDocument]:
        """Those of `documents` that are still blocked, with the records they wait for now."""
        keys: dict[str, list[str]] = {}
        for document in documents:
            keys.setdefault(document.group, []).append(document.key)
        current = [each for group, own in keys.items() for each in await self._find(group, {"_id": {"$in": own}})]
        return [each for each in current if each.records]

    async def _find(self, group: str, query: dict[str, Any]) -> list[BlockedDocument]:
        location = self._locations[group]
        with translate_store_errors():
            documents = self.collection(location.database, location.collection).find(query, {"blocked": 1})
            return [_read(group, raw) async for raw in documents]


def _read(group: str, raw: Mapping[str, Any]) -> BlockedDocument:
    records = tuple(
        ParkedRecord(Position(each["topic"], each["partition"], each["offset"]), each["at"])
        for each in raw.get("blocked", ())
    )
    return BlockedDocument(group, raw["_id"], records)
