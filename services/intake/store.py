"""Intake's collections: one document per request, by reference; `timelines` has the spilled older facts; `closed_days`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.common.contracts import topics
from services.common.legal_clock import ClosedDay
from services.common.store import Database, DocumentStore, Timelines, store_deadline
from services.intake.domain import Request


def request_store(database: Database) -> DocumentStore[Request]:
    return DocumentStore(database["requests"], Request, Timelines(topics.LIFECYCLE, database["timelines"]))


class ClosedDays:
    """The closed days that operators added, also those that they removed. Every method raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._closed_days = database["closed_days"]

    async def all(self) -> tuple[ClosedDay, ...]:
        """In the order in which they came into force."""
        async with store_deadline():
            found = [_read(each) async for each in self._closed_days.find()]
        return tuple(sorted(found, key=lambda each: (each.active_from, each.id)))

    async def add(self, closed_days: Sequence[ClosedDay]) -> None:
        """Adding the same day again changes nothing."""
        async with store_deadline():
            for each in closed_days:
                document = each.model_dump(exclude={"id"})
                await self._closed_days.update_one({"_id": each.id}, {"$setOnInsert": document}, upsert=True)

    async def remove(self, closed_day: UUID, removed_from: datetime) -> ClosedDay | None:
        """The day as it is then; None if there is none with this id. The first removal counts."""
        async with store_deadline():
            kept = {"_id": closed_day, "removed_from": None}
            await self._closed_days.update_one(kept, {"$set": {"removed_from": removed_from}})
            found = await self._closed_days.find_one({"_id": closed_day})
        return None if found is None else _read(found)


def _read(document: dict[str, object]) -> ClosedDay:
    return ClosedDay.model_validate({**document, "id": document["_id"]})
