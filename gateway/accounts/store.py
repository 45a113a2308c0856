"""Accounts, sessions and the access log in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel

from gateway.accounts.domain import SESSION_LIFETIME, Account, Session, StoredSession, password_version_of
from services.common.domain.identifiers import keyed_id
from services.common.store import Database, store_deadline

KNOWN_FOR: Final = timedelta(days=90)
"""How long a network stays known after the last sign-in from it."""

RENEWED_AFTER: Final = timedelta(days=1)


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

    async def record_access(self, account_id: UUID, purpose: str, at: datetime, **about: str | bool) -> bool:
        """Write to the access log who wants to know whose account this is, and why. False, and nothing, for an unknown account."""
        async with store_deadline():
            known = await self._accounts.count_documents({"_id": str(account_id)}, limit=1)
            if known:
                await self._access_log.insert_one({"account_id": account_id, "purpose": purpose, "at": at, **about})
        return bool(known)

    async def put(self, account: Account) -> None:
        """Create or replace."""
        async with store_deadline():
            await self._accounts.replace_one({"_id": str(account.account_id)}, account.model_dump(), upsert=True)

    async def has_password_version(self, account_id: UUID, version: str | None) -> bool:
        """Whether the account exists, with this version of its password. None: any (a session from before it was kept)."""
        async with store_deadline():
            found = await self._accounts.find_one({"_id": str(account_id)}, {"password_hash": 1})
        return found is not None and version in (None, password_version_of(found["password_hash"]))

    async def password_versions(self, account_ids: Collection[UUID]) -> dict[UUID, str]:
        """The version of the password of each account that exists."""
        query = {"_id": {"$in": [*map(str, account_ids)]}}
        async with store_deadline():
            found = await self._accounts.find(query, {"password_hash": 1}).to_list(None)
        return {UUID(each["_id"]): password_version_of(each["password_hash"]) for each in found}

    async def delete(self, account_id: UUID) -> bool:
        """Whether the account existed."""
        async with store_deadline():
            return (await self._accounts.delete_one({"_id": str(account_id)})).deleted_count > 0


class SessionStore:
    """`sessions` by token hash."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def ensure_indexes(self) -> None:
        own = IndexModel([("account_id", ASCENDING), ("expires_at", DESCENDING)], name="own")
        async with store_deadline():
            await self._sessions.create_indexes([IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0), own])

    async def find(self, token_hash: str) -> StoredSession | None:
        async with store_deadline():
            found = await self._sessions.find_one({"_id": token_hash})
        return None if found is None else _stored(found)

    async def find_all(self, token_hashes: Collection[str]) -> dict[str, StoredSession]:
        """The sessions of these that exist, by token hash."""
        async with store_deadline():
            found = await self._sessions.find({"_id": {"$in": [*token_hashes]}}).to_list(None)
        return {each["_id"]: _stored(each) for each in found}

    async def of_account(self, account_id: UUID) -> dict[str, StoredSession]:
        """The account's sessions by token hash."""
        async with store_deadline():
            found = await self._sessions.find({"account_id": account_id}).to_list(None)
        return {each["_id"]: _stored(each) for each in found}

    async def hashes_beyond(self, account_id: UUID, most: int) -> list[str]:
        """The token hashes of all but the `most` newest sessions of the account."""
        async with store_deadline():
            newest_first = self._sessions.find({"account_id": account_id}, {"_id": 1}).sort("expires_at", DESCENDING)
            return [each["_id"] async for each in newest_first.skip(most)]

    async def add(self, token_hash: str, stored: StoredSession) -> None:
        about = {"used_at": stored.last_used_at, "password_version": stored.password_version}
        async with store_deadline():
            await self._sessions.insert_one({"_id": token_hash, **stored.session.model_dump(), **about})

    async def save_use(self, token_hash: str, at: datetime) -> None:
        async with store_deadline():
            await self._sessions.update_one({"_id": token_hash}, {"$set": {"used_at": at}})

    async def remove(self, token_hashes: Sequence[str]) -> None:
        async with store_deadline():
            await self._sessions.delete_many({"_id": {"$in": list(token_hashes)}})


def _stored(found: Mapping[str, Any]) -> StoredSession:
    session = Session.model_validate(found)
    used_at = found.get("used_at") or session.expires_at - SESSION_LIFETIME
    return StoredSession(session=session, last_used_at=used_at, password_version=found.get("password_version"))


class KnownNetworks:
    """`known_networks`: from where the owner of an account has signed in, by a hash of both."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._networks = database["known_networks"]
        self._secret = secret

    async def ensure_indexes(self) -> None:
        async with store_deadline():
            await self._networks.create_indexes(
                [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0), IndexModel([("account_id", ASCENDING)])]
            )

    async def known_until(self, account_id: UUID, network: str) -> datetime | None:
        async with store_deadline():
            found = await self._networks.find_one({"_id": self._id(account_id, network)})
        return None if found is None else found["expires_at"]

    async def add(self, account_id: UUID, network: str, at: datetime) -> None:
        known = {"account_id": account_id, "expires_at": at + KNOWN_FOR}
        async with store_deadline():
            await self._networks.update_one({"_id": self._id(account_id, network)}, {"$set": known}, upsert=True)

    async def forget(self, account_id: UUID) -> None:
        async with store_deadline():
            await self._networks.delete_many({"account_id": account_id})

    def _id(self, account_id: UUID, network: str) -> str:
        return keyed_id(self._secret, b"network", account_id.bytes, network.encode()).hex
