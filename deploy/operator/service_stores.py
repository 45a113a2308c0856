"""Which documents wait for a dead letter. Read where the services keep them; nothing is ever written there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.common.domain.position import Position
from services.common.runtime.settings import Settings
from services.common.store import Collection, connect, database, disconnect, translate_store_errors


@dataclass(frozen=True, slots=True)
class Book:
    """Where a group keeps the documents it decides on: the database (without its prefix) and the collection."""

    group: str
    database: str
    collection: str


BOOKS: Final = (
    Book("intake", "intake", "requests"),
    Book("routing", "routing", "assignments"),
    Book("documents", "documents", "documents"),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that a document waits for: where it first lay, and when it was appended there."""

    position: Position
    at: datetime


@dataclass(frozen=True, slots=True)
class Blocked:
    """A document that waits, and for what, in the order in which it will be taken."""

    group: str
    key: str
    records: tuple[Waiting, ...]


class ServiceStores:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, settings: Settings, books: Sequence[Book] = BOOKS) -> None:
        self._client = connect(settings.mongo_url, settings.mongo_driver)
        self._prefix = settings.mongo_database_prefix
        self._books: Mapping[str, Book] = {book.group: book for book in books}

    async def close(self) -> None:
        await disconnect(self._client)

    def collection(self, owner: str, name: str) -> Collection:
        return database(self._client, f"{self._prefix}_{owner}")[name]

    async def blocked(self) -> list[Blocked]:
        """All documents that wait for something, by the index that holds no others."""
        return [found for group in self._books for found in await self._find(group, {"blocked.at": {"$exists": True}})]

    async def still_blocked(self, documents: Iterable[Blocked]) -> list[Blocked]:
        """Those of `documents` that wait now, and for what."""
        keys: dict[str, list[str]] = {}
        for document in documents:
            keys.setdefault(document.group, []).append(document.key)
        found = [each for group, own in keys.items() for each in await self._find(group, {"_id": {"$in": own}})]
        return [each for each in found if each.records]

    async def _find(self, group: str, query: dict[str, Any]) -> list[Blocked]:
        book = self._books[group]
        with translate_store_errors():
            found = self.collection(book.database, book.collection).find(query, {"blocked": 1})
            return [_read(group, raw) async for raw in found]


def _read(group: str, raw: Mapping[str, Any]) -> Blocked:
    records = tuple(
        Waiting(Position(each["topic"], each["partition"], each["offset"]), each["at"])
        for each in raw.get("blocked", ())
    )
    return Blocked(group, raw["_id"], records)
