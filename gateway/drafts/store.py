"""Drafts in MongoDB. Each save is a compare-and-set on the revision; an expired draft is never found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from gateway.drafts.domain import MAX_DRAFTS, Draft
from services.common.store import Database, store_deadline


class DraftStore:
    """`drafts` by draft id."""

    def __init__(self, database: Database) -> None:
        self._drafts = database["drafts"]

    async def ensure_indexes(self) -> None:
        own = IndexModel([("account_id", ASCENDING), ("updated_at", DESCENDING)], name="own")
        async with store_deadline():
            await self._drafts.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0), own])

    async def find(self, draft_id: UUID, account_id: UUID, now: datetime) -> Draft | None:
        """The account's draft. None for an unknown or expired one, and for one of another account."""
        query = {"_id": str(draft_id), "account_id": account_id, "expires_at": {"$gt": now}}
        async with store_deadline():
            found = await self._drafts.find_one(query)
        return None if found is None else Draft.model_validate(found)

    async def of_account(self, account_id: UUID, now: datetime) -> list[Draft]:
        """The account's drafts that are not filed, the last changed first."""
        async with store_deadline():
            newest_first = self._drafts.find(_unfiled(account_id, now)).sort("updated_at", DESCENDING)
            return [Draft.model_validate(each) async for each in newest_first.limit(2 * MAX_DRAFTS)]

    async def count(self, account_id: UUID, now: datetime) -> int:
        """The number of the account's drafts that are not filed."""
        async with store_deadline():
            return await self._drafts.count_documents(_unfiled(account_id, now))

    async def add(self, draft: Draft) -> Draft:
        """The draft, stored; or the one that another call stored under this id at the same moment."""
        async with store_deadline():
            # An expired draft may not be deleted yet.
            await self._drafts.delete_one({"_id": str(draft.draft_id), "expires_at": {"$lte": draft.created_at}})
            try:
                await self._drafts.insert_one(_document(draft))
            except DuplicateKeyError:
                return Draft.model_validate(await self._drafts.find_one({"_id": str(draft.draft_id)}))
        return draft

    async def replace(self, before: Draft, after: Draft) -> Draft | None:
        """`after` under the next revision. None if `before` is no longer stored."""
        saved = after.model_copy(update={"revision": before.revision + 1})
        async with store_deadline():
            result = await self._drafts.replace_one(_stored(before), _document(saved))
        return saved if result.matched_count else None

    async def remove(self, draft: Draft) -> bool:
        """False if the draft is no longer stored as it was read."""
        async with store_deadline():
            return (await self._drafts.delete_one(_stored(draft))).deleted_count > 0

    async def remove_all(self, account_id: UUID) -> None:
        """Remove all drafts of the account, filed ones too."""
        async with store_deadline():
            await self._drafts.delete_many({"account_id": account_id})


def _unfiled(account_id: UUID, now: datetime) -> dict[str, Any]:
    return {"account_id": account_id, "filed_as": None, "expires_at": {"$gt": now}}


def _stored(draft: Draft) -> dict[str, Any]:
    return {"_id": str(draft.draft_id), "revision": draft.revision}


def _document(draft: Draft) -> dict[str, Any]:
    return {"_id": str(draft.draft_id), **draft.model_dump()}
