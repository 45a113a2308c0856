"""Counters in MongoDB that all replicas share: each counts in one window of time, and is then deleted."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.common.domain.identifiers import keyed_id
from services.common.store import Database, store_deadline


class Window(NamedTuple):
    """A window of `seconds`: the current one of a clock that all replicas have, within their clock skew."""

    number: int
    seconds: int

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp((self.number + 1) * self.seconds, UTC)

    def left(self, now: datetime) -> int:
        """Whole seconds until the end, at least 1."""
        return max(1, ceil((self.ends_at - now).total_seconds()))


def window_of(seconds: int, now: datetime) -> Window:
    return Window(int(now.timestamp()) // seconds, seconds)


class Counters:
    """`counters` by a hash of key and window: a key names an account or a network, which the store must not show."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._counters = database["counters"]
        self._secret = secret

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._counters.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])

    async def add(self, key: str, window: Window, **amounts: int) -> Mapping[str, int]:
        """Add `amounts` to the fields of the counter; its values after that. One atomic operation.

        Nothing is lost, but on DocumentDB two concurrent callers may get the same values.
        """
        change = {"$inc": amounts, "$setOnInsert": {"expires_at": window.ends_at}}
        identifier = self._id(key, window)
        async with store_deadline():
            try:
                found = await self._change(identifier, change)
            except DuplicateKeyError:
                # Two upserts created the counter at the same moment: now it exists.
                found = await self._change(identifier, change)
        return {name: int(found[name]) for name in amounts}

    async def turn(self, key: str, window: Window, now: datetime, spacing: int) -> int:
        """0, and the next turn is `spacing` seconds later; or the seconds until the next turn. One caller gets a turn."""
        identifier = self._id(key, window)
        async with store_deadline():
            found = await self._counters.find_one({"_id": identifier}) or {}
            next_at: datetime | None = found.get("next_at")
            if next_at is not None and next_at > now:
                return ceil((next_at - now).total_seconds())
            taken = await self._counters.update_one(
                {"_id": identifier, "next_at": next_at}, {"$set": {"next_at": now + timedelta(seconds=spacing)}}
            )
        return 0 if taken.modified_count else spacing

    async def value(self, key: str, window: Window, field: str) -> int:
        async with store_deadline():
            found = await self._counters.find_one({"_id": self._id(key, window)})
        return 0 if found is None else int(found.get(field, 0))

    async def _change(self, identifier: str, change: Mapping[str, Any]) -> Mapping[str, Any]:
        found = await self._counters.find_one_and_update(
            {"_id": identifier}, change, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert found is not None, "an upsert returns the document"
        return found

    def _id(self, key: str, window: Window) -> str:
        return keyed_id(self._secret, b"counter", key.encode(), b"%d/%d" % window).hex
