"""What a member of a group remembers beyond its own death: whether it ended in order, and the record it had in hand.

A record that kills its process is found that way. After an unclean end, what may have been in hand then is taken one
record at a time, and each is counted before it is taken.
"""

from typing import Any, Final

from pymongo import ReturnDocument

from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.position import Position
from services.common.store import Collection, reaching_store

SPARED: Final = 3
"""Lives that a record may end, once counted, and still be tried. With the life that was not counted and the one that
puts it aside, a process is started five times; a sixth time only if even reading the record kills."""


class Lives:
    """The memory of one member (`instance`) of `group`, in its service's own store."""

    def __init__(self, collection: Collection, group: str, instance: str) -> None:
        self._collection = collection
        self._group = group
        self._life = f"life {group} {instance}"

    async def begin(self) -> bool:
        """Note that a life begins; whether the one before it ended uncleanly. Raises `StoreAway`."""
        with reaching_store():
            before = await self._collection.find_one_and_update(
                {"_id": self._life}, {"$set": {"running": True}}, upsert=True
            )
        return bool(before and before["running"])

    async def end(self) -> None:
        """Note that this life ends in order. Raises `StoreAway`."""
        with reaching_store():
            await self._collection.update_one({"_id": self._life}, {"$set": {"running": False}})

    async def in_hand(self, position: Position) -> int:
        """Note that the record is about to be taken; how many lives it has been noted in, and not forgotten."""
        with reaching_store():
            noted: Any = await self._collection.find_one_and_update(
                {"_id": self._record(position)},
                {"$inc": {"lives": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return int(noted["lives"])

    async def forget(self, position: Position) -> None:
        """The record has ended, or an outage stopped it: neither counts against it."""
        with reaching_store():
            await self._collection.delete_one({"_id": self._record(position)})
        ARMED and reach(Failpoint.FORGOTTEN)

    def _record(self, position: Position) -> str:
        return f"record {self._group} {position.topic} {position.partition} {position.offset}"
