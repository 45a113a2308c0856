"""Accounts, sessions and the access log in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from gateway.accounts.domain import Account, Session
from services.common.store import Database, store_deadline


class AccountStore:
    """`accounts` by account id. The id derives from the NISS, so no second index has to keep NISS unique."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]
        self._access_log = database["access_log"]

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._access_log.create_indexes([IndexModel([("account_id", ASCENDING), ("at", ASCENDING)])])

    async def find(self, account_id: UUID) -> Account | None:
        async with store_deadline():
            document = await self._accounts.find_one({"_id": str(account_id)})
        return None if document is None else Account.model_validate(document)

    async def recipients(self, requested: Sequence[tuple[UUID, str]], at: datetime) -> list[Account | None]:
        """The accounts of `requested` (account id, purpose), in that order; None for an unknown account.

        Each access is written to the access log, with its purpose, before the accounts are returned.
        """
        async with store_deadline():
            ids = {str(account_id) for account_id, _ in requested}
            documents = self._accounts.find({"_id": {"$in": list(ids)}})
            accounts = {each["_id"]: Account.model_validate(each) async for each in documents}
            entries = [
                {"account_id": account_id, "purpose": purpose, "at": at}
                for account_id, purpose in requested
                if str(account_id) in accounts
            ]
            if entries:
                await self._access_log.insert_many(entries, ordered=False)
        return [accounts.get(str(account_id)) for account_id, _ in requested]

    async def put(self, account: Account) -> None:
        """Create or replace."""
        async with store_deadline():
            await self._accounts.replace_one({"_id": str(account.account_id)}, account.model_dump(), upsert=True)


class SessionStore:
    """`sessions` by token hash."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._sessions.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])

    async def find(self, token_hash: str) -> Session | None:
        async with store_deadline():
            document = await self._sessions.find_one({"_id": token_hash})
        return None if document is None else Session.model_validate(document)

    async def add(self, token_hash: str, session: Session) -> None:
        async with store_deadline():
            await self._sessions.insert_one({"_id": token_hash, **session.model_dump()})

    async def remove(self, token_hash: str) -> None:
        async with store_deadline():
            await self._sessions.delete_one({"_id": token_hash})
