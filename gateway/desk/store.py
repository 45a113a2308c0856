"""Cases and tokens of departments in MongoDB. Only the worker writes cases; only operators write tokens."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from gateway.desk.domain import DepartmentToken
from gateway.desk.view import DeskCase
from services.common.store import Database, DocumentStore, store_deadline

PageEnd = tuple[str, str]
"""Day of entry and key of the last case on a page. Neither changes."""

_OLDEST_FIRST: Final = [("state.assignment.entered_on", ASCENDING), ("_id", ASCENDING)]
_DEPARTMENT: Final = [("state.assignment.department", ASCENDING)]


class DeskStore:
    def __init__(self, database: Database) -> None:
        self._cases = database["desk_cases"]
        self.documents: Final = DocumentStore(self._cases, DeskCase)

    async def ensure_indexes(self) -> None:
        """For the cases of a department, the oldest first: all, and the open or closed ones; and for one by its assignment."""
        await self.documents.ensure_indexes(
            IndexModel([*_DEPARTMENT, *_OLDEST_FIRST], name="own-by-entry"),
            IndexModel([*_DEPARTMENT, ("state.closed", ASCENDING), *_OLDEST_FIRST], name="own-by-state-and-entry"),
            IndexModel([("state.assignment.assignment_id", ASCENDING)], name="by-assignment"),
        )

    async def find_open(self, department: str, assignment_id: UUID) -> DeskCase | None:
        """The open case of the department with this assignment."""
        query = {
            "state.assignment.assignment_id": assignment_id,
            "state.assignment.department": department,
            "state.closed": False,
        }
        async with store_deadline():
            found = await self._cases.find_one(query, {"state": 1})
        return None if found is None else DeskCase.model_validate(found["state"])

    async def page(self, department: str, closed: bool | None, after: PageEnd | None, limit: int) -> list[DeskCase]:
        """At most `limit` cases of the department that follow `after`; None for `closed` means all of them."""
        query: dict[str, Any] = {"state.assignment.department": department}
        if closed is not None:
            query["state.closed"] = closed
        if after is not None:
            entered_on, key = after
            query["state.assignment.entered_on"] = {"$gte": entered_on}
            query["$or"] = [{"state.assignment.entered_on": {"$gt": entered_on}}, {"_id": {"$gt": key}}]
        async with store_deadline():
            found = self._cases.find(query, {"state": 1}).sort(_OLDEST_FIRST).limit(limit)
            return [DeskCase.model_validate(each["state"]) async for each in found]


class TokenStore:
    """`department_tokens` by token hash."""

    def __init__(self, database: Database) -> None:
        self._tokens = database["department_tokens"]

    async def find(self, token_hash: str) -> DepartmentToken | None:
        async with store_deadline():
            found = await self._tokens.find_one({"_id": token_hash})
        return None if found is None else DepartmentToken.model_validate(found)

    async def add(self, token: DepartmentToken) -> None:
        """Add the token, unless it was added before: the same call again does not revive a token that has ended."""
        async with store_deadline():
            added = {"$setOnInsert": token.model_dump()}
            await self._tokens.update_one({"_id": token.token_hash}, added, upsert=True)

    async def all(self) -> list[DepartmentToken]:
        """By department, the oldest first."""
        async with store_deadline():
            found = self._tokens.find().sort([("department", ASCENDING), ("created_at", ASCENDING)])
            return [DepartmentToken.model_validate(each) async for each in found]

    async def end(self, token: DepartmentToken, now: datetime) -> None:
        """Let the token expire now. It stays in the list."""
        async with store_deadline():
            await self._tokens.update_one({"_id": token.token_hash}, {"$set": {"expires_at": now}})
