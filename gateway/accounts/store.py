"""Accounts, sessions and the access log in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from gateway.accounts.domain import Account, Session
from services.common.gathering import Gathering
from services.common.store import Database, reaching_store


class AccountStore:
    """`accounts` by account id, which derives from the NISS: no other index could be raced."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]
        self._access_log = database["access_log"]
        self._reads = Gathering(self._read_all)
        self._notes = Gathering(self._note_all)

    async def ensure_indexes(self) -> None:
        with reaching_store():
            await self._access_log.create_indexes([IndexModel([("account_id", ASCENDING), ("at", ASCENDING)])])

    async def find(self, account_id: UUID) -> Account | None:
        with reaching_store():
            found = await self._accounts.find_one({"_id": str(account_id)})
        return None if found is None else Account.model_validate(found)

    async def recipient(self, account_id: UUID, purpose: str, at: datetime) -> Account | None:
        """An account that is read for a purpose, which is noted before it is answered. Notices come in crowds: those
        that ask at the same time share the search and the write.
        """
        account = await self._reads.ask(str(account_id))
        if account is not None:
            await self._notes.ask((account_id, purpose, at))
        return account

    async def put(self, account: Account) -> None:
        """Create or replace."""
        with reaching_store():
            await self._accounts.replace_one({"_id": str(account.account_id)}, account.model_dump(), upsert=True)

    async def _read_all(self, ids: Sequence[str]) -> list[Account | None]:
        with reaching_store():
            found = await self._accounts.find({"_id": {"$in": list(set(ids))}}).to_list(None)
        accounts = {each["_id"]: Account.model_validate(each) for each in found}
        return [accounts.get(each) for each in ids]

    async def _note_all(self, notes: Sequence[tuple[UUID, str, datetime]]) -> list[None]:
        rows = [{"account_id": account_id, "purpose": purpose, "at": at} for account_id, purpose, at in notes]
        with reaching_store():
            await self._access_log.insert_many(rows, ordered=False)
        return [None] * len(notes)


class SessionStore:
    """`sessions` by the hash of their token."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def ensure_indexes(self) -> None:
        with reaching_store():
            await self._sessions.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)])

    async def find(self, token_hash: str) -> Session | None:
        with reaching_store():
            found = await self._sessions.find_one({"_id": token_hash})
        return None if found is None else Session.model_validate(found)

    async def add(self, token_hash: str, session: Session) -> None:
        with reaching_store():
            await self._sessions.insert_one({"_id": token_hash, **session.model_dump()})

    async def remove(self, token_hash: str) -> None:
        with reaching_store():
            await self._sessions.delete_one({"_id": token_hash})
