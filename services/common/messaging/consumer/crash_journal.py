"""What a member of a group remembers beyond its own death: whether it ended in order, and what it had in hand.

A record that kills its process is found that way: by an unclean end, then by the batch that was noted, then by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition
from pymongo import ReturnDocument

from services.common.domain.position import Position
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.records.positions import Extent
from services.common.store import Collection, reaching_store

SPARED: Final = 2
"""Lives that a record may end while it is taken alone, and still be tried. With the one in which nothing was noted, the
one in which its batch was, and the one that puts it aside, a process is started five times; a sixth time only if even
reading the record kills."""


@dataclass(frozen=True, slots=True)
class Past:
    """How the life before ended, and which records it had noted as in hand."""

    unclean: bool = False
    suspects: Mapping[TopicPartition, Extent] = field(default_factory=dict)


class Lives:
    """The memory of one member (`instance`) of `group`, in its service's own store. All of it raises `StoreAway`."""

    def __init__(self, collection: Collection, group: str, instance: str) -> None:
        self._collection = collection
        self._group = group
        self._life = f"life {group} {instance}"

    async def begin(self) -> Past:
        """Note that a life begins."""
        with reaching_store():
            before = await self._collection.find_one_and_update(
                {"_id": self._life}, {"$set": {"running": True}}, upsert=True
            )
        if not before or not before["running"]:
            return Past()
        suspects = {
            TopicPartition(each["topic"], each["partition"]): (each["first"], each["after"])
            for each in before.get("in_hand", ())
        }
        return Past(unclean=True, suspects=suspects)

    async def end(self) -> None:
        """Note that this life ends in order."""
        with reaching_store():
            await self._collection.update_one({"_id": self._life}, {"$set": {"running": False, "in_hand": []}})

    async def note(self, in_hand: Mapping[TopicPartition, Extent]) -> None:
        """Note the records that are about to be taken together, and those still suspected, instead of the last note."""
        extents = [
            {"topic": tp.topic, "partition": tp.partition, "first": first, "after": after}
            for tp, (first, after) in in_hand.items()
        ]
        with reaching_store():
            await self._collection.update_one({"_id": self._life}, {"$set": {"in_hand": extents}})

    async def count(self, position: Position) -> int:
        """Note that the record there is about to be taken alone; how many lives it was noted in and not forgotten."""
        with reaching_store():
            noted: Any = await self._collection.find_one_and_update(
                {"_id": self._counted(position)},
                {"$inc": {"lives": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return int(noted["lives"])

    async def forget(self, position: Position) -> None:
        """It has ended, or an outage stopped it: nothing counts against it."""
        with reaching_store():
            await self._collection.delete_one({"_id": self._counted(position)})
        ARMED and reach(Failpoint.FORGOTTEN)

    def _counted(self, position: Position) -> str:
        return f"record {self._group} {position}"
