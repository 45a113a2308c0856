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
from services.common.messaging.records.positions import OffsetRange
from services.common.store import Collection, translate_store_errors

SPARED: Final = 2
"""Lives that a record may end while it is taken alone, and still be tried. With the one in which nothing was noted, the
one in which its batch was, and the one that puts it aside, a process is started five times; a sixth time only if even
reading the record kills."""


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """How the life before ended, and which records it had noted as in hand."""

    unclean: bool = False
    suspects: Mapping[TopicPartition, OffsetRange] = field(default_factory=dict)


class CrashJournal:
    """The memory of one member (`instance`) of `group`, in its service's own store. All of it raises `StoreUnavailable`."""

    def __init__(self, collection: Collection, group: str, instance: str) -> None:
        self._collection = collection
        self._group = group
        self._life = f"life {group} {instance}"

    async def begin(self) -> PreviousRun:
        """Note that a life begins."""
        with translate_store_errors():
            before = await self._collection.find_one_and_update(
                {"_id": self._life}, {"$set": {"running": True}}, upsert=True
            )
        if not before or not before["running"]:
            return PreviousRun()
        suspects = {
            TopicPartition(each["topic"], each["partition"]): (each["first"], each["after"])
            for each in before.get("in_hand", ())
        }
        return PreviousRun(unclean=True, suspects=suspects)

    async def end(self) -> None:
        """Note that this life ends in order."""
        with translate_store_errors():
            await self._collection.update_one({"_id": self._life}, {"$set": {"running": False, "in_hand": []}})

    async def note(self, in_hand: Mapping[TopicPartition, OffsetRange]) -> None:
        """Note the records that are about to be taken together, and those still suspected, instead of the last note."""
        extents = [
            {"topic": tp.topic, "partition": tp.partition, "first": first, "after": after}
            for tp, (first, after) in in_hand.items()
        ]
        with translate_store_errors():
            await self._collection.update_one({"_id": self._life}, {"$set": {"in_hand": extents}})

    async def add_attempt(self, position: Position) -> int:
        """Note that the record there is about to be taken alone; how many lives it was noted in and not forgotten."""
        with translate_store_errors():
            noted: Any = await self._collection.find_one_and_update(
                {"_id": self._counted(position)},
                {"$inc": {"lives": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return int(noted["lives"])

    async def clear_attempts(self, position: Position) -> None:
        """It has ended, or an outage stopped it: nothing counts against it."""
        with translate_store_errors():
            await self._collection.delete_one({"_id": self._counted(position)})
        ARMED and reach(Failpoint.FORGOTTEN)

    def _counted(self, position: Position) -> str:
        return f"record {self._group} {position}"
