"""Stores what a group member needs to know after a crash: how its last run ended, and which records it was processing.

The crash guard uses this to find a record that kills the process (`crash_guard.py`). Each member, named by group and
instance, has one document that says whether it runs and which batch it processes. Each record that is processed alone
has one document that counts the attempts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition
from pymongo import ReturnDocument

from services.common.domain.position import Position
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.messaging.records.positions import OffsetRange
from services.common.store import Collection, translate_store_errors

MAX_ATTEMPTS: Final = 2
"""How often a record may be processed alone before it is dead-lettered without another attempt.

A fatal record therefore crashes its process at most four times: once unnoticed, once with its batch in the journal, and
twice alone. The fifth run dead-letters it. A sixth run is needed only if parsing the record is already fatal."""


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """How this member's last run ended. `suspects` are the offset ranges of the batch it had in the journal."""

    unclean: bool = False
    suspects: Mapping[TopicPartition, OffsetRange] = field(default_factory=dict)


class CrashJournal:
    """The journal of one group member (`instance`), in its service's own store. Every method raises `StoreUnavailable`."""

    def __init__(self, collection: Collection, group: str, instance: str) -> None:
        self._collection = collection
        self._group = group
        self._member_id = f"life {group} {instance}"

    async def start_run(self) -> PreviousRun:
        """Mark this member as running, and return how its previous run ended."""
        with translate_store_errors():
            before = await self._collection.find_one_and_update(
                {"_id": self._member_id}, {"$set": {"running": True}}, upsert=True
            )
        if not before or not before["running"]:
            return PreviousRun()
        suspects = {
            TopicPartition(each["topic"], each["partition"]): (each["first"], each["after"])
            for each in before.get("in_hand", ())
        }
        return PreviousRun(unclean=True, suspects=suspects)

    async def end_run(self) -> None:
        """Mark this run as ended cleanly."""
        with translate_store_errors():
            await self._collection.update_one({"_id": self._member_id}, {"$set": {"running": False, "in_hand": []}})

    async def set_batch(self, ranges: Mapping[TopicPartition, OffsetRange]) -> None:
        """Replace the journalled batch: the offset ranges that are about to be processed, and those still suspected."""
        batch = [
            {"topic": tp.topic, "partition": tp.partition, "first": first, "after": after}
            for tp, (first, after) in ranges.items()
        ]
        with translate_store_errors():
            await self._collection.update_one({"_id": self._member_id}, {"$set": {"in_hand": batch}})

    async def attempts(self, positions: Iterable[Position]) -> Mapping[Position, int]:
        """The attempts of those records in which a process ended during one. The others have none."""
        by_id = {self._record_id(each): each for each in positions}
        with translate_store_errors():
            found = await self._collection.find({"_id": {"$in": list(by_id)}}).to_list(None)
        return {by_id[each["_id"]]: int(each["lives"]) for each in found}

    async def add_attempt(self, position: Position) -> int:
        """Count an attempt before the record is processed alone. Returns the attempts so far, this one included."""
        with translate_store_errors():
            counted: Any = await self._collection.find_one_and_update(
                {"_id": self._record_id(position)},
                {"$inc": {"lives": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return int(counted["lives"])

    async def clear_attempts(self, position: Position) -> None:
        """Forget a record's attempts: the process survived it."""
        with translate_store_errors():
            await self._collection.delete_one({"_id": self._record_id(position)})
        ARMED and reach(Failpoint.ATTEMPTS_CLEARED)

    def _record_id(self, position: Position) -> str:
        return f"record {self._group} {position}"
