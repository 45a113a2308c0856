"""Request views in MongoDB. Only the worker writes them; the web process reads them."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from gateway.requests.list_density import ListDensities
from gateway.requests.list_filter import ListFilter
from gateway.requests.view import RequestView
from gateway.requests.visible_facts import SKIPPED
from services.common.contracts.lifecycle import State
from services.common.store import Database, DocumentStore, store_deadline
from services.common.store.stretches import Stretch, fill

_NEWEST_FIRST: Final = [("state.filed_at", DESCENDING), ("_id", ASCENDING)]

LISTED: Final = (
    "account_id",
    "filed_at",
    "request_id",
    "reference",
    "state",
    "updated_at",
    "subject",
    "reason",
    "catalogue_version",
    "department",
)
"""The fields a list loads: no descriptions, no timelines."""

_FIELDS: Final = {f"state.{name}": 1 for name in LISTED}


class ViewStore:
    def __init__(self, database: Database) -> None:
        self._views = database["request_views"]
        self._densities: Final = ListDensities()
        self.documents: Final = DocumentStore(self._views, RequestView)

    async def ensure_indexes(self) -> None:
        """Indexes for the list of an account's requests, newest first: all requests, or those in one state."""
        own = [("state.account_id", ASCENDING)]
        await self.documents.ensure_indexes(
            IndexModel([*own, *_NEWEST_FIRST], name="own"),
            IndexModel([*own, ("state.state", ASCENDING), *_NEWEST_FIRST], name="own-by-state"),
        )

    async def find(self, reference: str) -> RequestView | None:
        async with store_deadline():
            document = await self._views.find_one({"_id": reference}, {"state": 1})
        return None if document is None else RequestView.model_validate(document["state"])

    async def filed_at(self, account_id: UUID, place: int, since: datetime) -> datetime | None:
        """When the account's request at this place was filed (1 is the newest); None if it filed fewer after `since`."""
        query = {"state.account_id": account_id, "state.filed_at": {"$gt": since}}
        async with store_deadline():
            newest_first = self._views.find(query, {"state.filed_at": 1}).sort(_NEWEST_FIRST)
            found = await newest_first.skip(place - 1).limit(1).to_list(None)
        return found[0]["state"]["filed_at"] if found else None

    async def notice_times(self, account_id: UUID, actor_id: UUID, requests: int) -> list[datetime]:
        """When each notice about the newest requests that this person may read was sent, or could not be."""
        query = {"state.account_id": account_id, **ListFilter().readable_by(actor_id).condition()}
        async with store_deadline():
            newest_first = self._views.find(query, {"state.notices": 1}).sort(_NEWEST_FIRST)
            found = await newest_first.limit(requests).to_list(None)
        notices = (notice for each in found for notice in each["state"].get("notices", {}).values())
        return [each["at"] for each in notices if each["type"] != SKIPPED]

    async def counts(self, account_id: UUID, wanted: ListFilter) -> Mapping[State, int]:
        """How many of the account's requests are in each state, of those that fit the filter whatever its state is."""
        queries = [{"state.account_id": account_id, **wanted.in_state(each).condition()} for each in State]
        async with store_deadline():
            numbers = await asyncio.gather(*map(self._views.count_documents, queries))
        return {state: number for state, number in zip(State, numbers, strict=True) if number}

    async def page(
        self, account_id: UUID, wanted: ListFilter, after: tuple[datetime, str] | None, limit: int
    ) -> list[RequestView]:
        """At most `limit` of the account's views that fit, newest first, that follow `after` (filing time, reference)."""
        query: dict[str, Any] = {"state.account_id": account_id, **wanted.condition()}
        if after is not None:
            at, reference = after
            query["state.filed_at"] = {"$lte": at}
            follows = {"$or": [{"state.filed_at": {"$lt": at}}, {"_id": {"$gt": reference}}]}
            query["$and"] = [*query.get("$and", ()), follows]

        async def find(stretch: Stretch, at_most: int) -> list[RequestView]:
            filed = query.get("state.filed_at", {}) | stretch.condition()
            matching = query | ({"state.filed_at": filed} if filed else {})
            documents = self._views.find(matching, _FIELDS).sort(_NEWEST_FIRST).limit(at_most)
            return [RequestView.model_validate(each["state"]) for each in await documents.to_list(None)]

        before = after[0] if after else None
        if not wanted.is_plain:
            async with store_deadline():
                return await find(Stretch(), limit)
        state = wanted.states[0] if wanted.states else None
        async with store_deadline():
            page = await fill(find, self._densities.stretches(account_id, state, before, limit), limit)
        if len(page) == limit:
            self._densities.learn(account_id, state, before, page)
        return page
