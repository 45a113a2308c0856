"""Accounts, sessions and the access log in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from gateway.accounts.domain import Account, Session
from services.common.store import Database, store_deadline


class AccountStore:
    """`accounts` by account id, which derives from the NISS: no other index could be raced."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]
        self._access_log = database["access_log"]

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._access_log.create_indexes([IndexModel([("account_id", ASCENDING), ("at", ASCENDING)])])

    async def find(self, account_id: UUID) -> Account | None:
        async with store_deadline():
            found = await self._accounts.find_one({"_id": str(account_id)})
        return None if found is None else Account.model_validate(found)

    async def recipients(self, asked: Sequence[tuple[UUID, str]], at: datetime) -> list[Account | None]:
        """The accounts, each of which is read for a purpose that is noted before it is answered."""
        async with store_deadline():
            ids = {str(account_id) for account_id, _ in asked}
            found = self._accounts.find({"_id": {"$in": list(ids)}})
            accounts = {each["_id"]: Account.model_validate(each) async for each in found}
            notes = [{"account_id": each, "purpose": why, "at": at} for each, why in asked if str(each) in accounts]
            if notes:
                await self._access_log.insert_many(notes, ordered=False)
        return [accounts.get(str(account_id)) for account_id, _ in asked]

    async def put(self, account: Account) -> None:
        """Create or replace."""
        async with store_deadline():
            await self._accounts.replace_one({"_id": str(account.account_id)}, account.model_dump(), upsert=True)


class SessionStore:
    """`sessions` by the hash of their token."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._sessions.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])

    async def find(self, token_hash: str) -> Session | None:
        async with store_deadline():
            found = await self._sessions.find_one({"_id": token_hash})
        return None if found is None else Session.model_validate(found)

    async def add(self, token_hash: str, session: Session) -> None:
        async with store_deadline():
            await self._sessions.insert_one({"_id": token_hash, **session.model_dump()})

    async def remove(self, token_hash: str) -> None:
        async with store_deadline():
            await self._sessions.delete_one({"_id": token_hash})
