"""Births in MongoDB, each until its request is filed; then its id alone, so that it never opens a second one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from gateway.births.domain import Birth
from services.common.contracts.intake import RequestSubmitted
from services.common.store import Collection, Database, store_deadline

WAITS: Final = timedelta(days=180)
"""How long a birth waits for a parent to have an account."""

BATCH: Final = 100
"""Births that one read returns at most."""


@dataclass(frozen=True, slots=True)
class StoredBirth:
    """`submission`: the request as it was decided, before it was published; None until then."""

    birth: Birth
    submission: RequestSubmitted | None
    traceparent: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "StoredBirth":
        """Raises `ValidationError`."""
        submission = document["submission"]
        return cls(
            Birth.model_validate(document["birth"]),
            None if submission is None else RequestSubmitted.model_validate(submission),
            document["traceparent"],
        )


class BirthStore:
    """`births` by the id of the record in the register."""

    def __init__(self, database: Database) -> None:
        self.collection: Final[Collection] = database["births"]

    async def ensure_indexes(self) -> None:
        due = IndexModel([("is_filed", ASCENDING), ("due_at", ASCENDING)])
        expiring = IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)
        async with store_deadline():
            await self.collection.create_indexes([due, expiring])

    async def due(self, now: datetime) -> list[dict[str, Any]]:
        """Births without a request that are to be tried now, those that are due longest first."""
        async with store_deadline():
            found = self.collection.find({"is_filed": False, "due_at": {"$lte": now}}).sort("due_at", ASCENDING)
            return await found.limit(BATCH).to_list(None)

    async def keep_submission(self, birth_id: UUID, submission: RequestSubmitted) -> RequestSubmitted | None:
        """Decide on the request, unless another replica has. Returns the one that counts; None if it is filed already."""
        undecided = {"_id": str(birth_id), "is_filed": False, "submission": None}
        async with store_deadline():
            decided = {"$set": {"submission": submission.model_dump(mode="json")}, "$unset": {"expires_at": ""}}
            await self.collection.update_one(undecided, decided)
            found = await self.collection.find_one({"_id": str(birth_id), "is_filed": False})
        return None if found is None else StoredBirth.of(found).submission

    async def postpone(self, birth_id: str, until: datetime) -> None:
        async with store_deadline():
            await self.collection.update_one({"_id": birth_id, "is_filed": False}, {"$set": {"due_at": until}})

    async def note_filed(self, birth_id: UUID) -> None:
        """Forget all but the id."""
        rest = ("birth", "submission", "traceparent", "due_at", "expires_at")
        change = {"$set": {"is_filed": True}, "$unset": dict.fromkeys(rest, "")}
        async with store_deadline():
            await self.collection.update_one({"_id": str(birth_id)}, change)


def new_document(birth: Birth, reported_at: datetime, traceparent: str | None) -> dict[str, Any]:
    """The stored document of a birth that was just reported."""
    return {
        "_id": str(birth.birth_id),
        "birth": birth.model_dump(mode="json"),
        "submission": None,
        "traceparent": traceparent,
        "is_filed": False,
        "due_at": reported_at,
        "expires_at": reported_at + WAITS,
    }
