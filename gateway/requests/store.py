"""Request views in MongoDB. Only the worker writes them; the web process reads."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.store import Database, DocumentStore, store_deadline

_BY_FILING: Final = [("state.filed_at", DESCENDING), ("_id", ASCENDING)]

_LISTED: Final = dict.fromkeys(
    ("account_id", "filed_at", "request_id", "reference", "state", "updated_at", "subject", "reason", "department"), 1
)
"""A list does not load descriptions and timelines."""


class ViewStore:
    def __init__(self, database: Database) -> None:
        self._views = database["request_views"]
        self.documents: Final = DocumentStore(self._views, RequestView)

    async def ensure_indexes(self) -> None:
        """Own requests, newest first; and the same of one state."""
        await self.documents.ensure_indexes(
            IndexModel([("state.account_id", ASCENDING), *_BY_FILING], name="own"),
            IndexModel([("state.account_id", ASCENDING), ("state.state", ASCENDING), *_BY_FILING], name="own-by-state"),
        )

    async def find(self, reference: str) -> RequestView | None:
        async with store_deadline():
            found = await self._views.find_one({"_id": reference}, {"state": 1})
        return None if found is None else RequestView.model_validate(found["state"])

    async def page(
        self, account_id: UUID, state: State | None, after: tuple[datetime, str] | None, limit: int
    ) -> list[RequestView]:
        """At most `limit` of the account's views, newest first, from below `after` (filing time, reference)."""
        query: dict[str, Any] = {"state.account_id": account_id}
        if state is not None:
            query["state.state"] = state.value
        if after is not None:
            at, reference = after
            query["state.filed_at"] = {"$lte": at}
            query["$or"] = [{"state.filed_at": {"$lt": at}}, {"_id": {"$gt": reference}}]
        listed = {f"state.{name}": shown for name, shown in _LISTED.items()}
        async with store_deadline():
            found = self._views.find(query, listed).sort(_BY_FILING).limit(limit)
            return [RequestView.model_validate(each["state"]) async for each in found]
