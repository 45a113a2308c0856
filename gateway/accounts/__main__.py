"""`python -m gateway.accounts`: create, update or delete accounts from JSON lines. Running it again changes nothing.

Reads lines `{"niss","password","name","email","language","kind","place","flags"}` from standard input and prints a line
`{"niss","account_id"}` for each. `language`, `place` and `flags` may be missing. A line `{"niss","deleted":true}` deletes the account, and is printed so. A new password and
a deletion end all sessions of the account within ten seconds. If a line is invalid the run ends with exit status 2 before any
account is written, and standard error lists all invalid lines: their numbers, their fields and what is wrong with them, never
the values.
"""

import asyncio
import codecs
import sys
from collections.abc import Iterable
from uuid import UUID

import orjson
from pydantic import ValidationError

from gateway.accounts.domain import Account, DeletedAccount, NewAccount, account_id_of
from gateway.accounts.passwords import hash_password, verify_password
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, KnownNetworks, SessionStore
from gateway.settings import Settings
from services.common.domain.errors import StoreUnavailable
from services.common.http.field_errors import FieldError, errors_of
from services.common.runtime.settings import from_environment
from services.common.store import Database, connect, database, disconnect
from services.common.telemetry import logging


def parse_accounts(lines: Iterable[bytes]) -> list[NewAccount | DeletedAccount]:
    """The accounts in `lines`. Raises ValueError with a sentence for each wrong field, which never has its value."""
    accounts: list[NewAccount | DeletedAccount] = []
    errors: list[str] = []
    for number, line in enumerate(lines, 1):
        # Some editors write a byte order mark at the beginning of a file.
        content = line.removeprefix(codecs.BOM_UTF8).strip()
        if not content:
            continue
        model = _model_of(content)
        try:
            accounts.append(model.model_validate_json(content))
        except ValidationError as error:
            errors += [f"line {number}{_described(each)}" for each in errors_of(error, model)]
    if errors:
        raise ValueError("\n".join(f"  {each}" for each in errors))
    return accounts


def _described(error: FieldError) -> str:
    field = error.pointer.removeprefix("/") if error.pointer else ""
    return f"{field and f', {field}'}: {error.text('en')}"


def _model_of(line: bytes) -> type[NewAccount | DeletedAccount]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return NewAccount
    return DeletedAccount if isinstance(value, dict) and "deleted" in value else NewAccount


class Accounts:
    """The accounts of the gateway, for its command line."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._secret = secret
        self._accounts = AccountStore(database)
        self._networks = KnownNetworks(database, secret)
        self._sessions = Sessions(SessionStore(database), self._accounts)

    async def put(self, new: NewAccount) -> UUID:
        """Create or update the account. An unchanged password keeps its stored hash; a new one ends the sessions."""
        account_id = account_id_of(self._secret, new.niss)
        existing = await self._accounts.find(account_id)
        known_hash = None if existing is None else existing.password_hash
        same_password = known_hash is not None and verify_password(new.password, known_hash)
        account = Account(
            account_id=account_id,
            niss=new.niss,
            kind=new.kind,
            name=new.name,
            email=new.email,
            language=new.language,
            password_hash=known_hash if known_hash and same_password else hash_password(new.password),
            place=new.place,
            flags=new.flags,
        )
        if account != existing:
            await self._accounts.put(account)
        if existing is not None and not same_password:
            await self._sessions.end_all(account_id, "password-changed")
        return account_id

    async def delete(self, niss: str) -> UUID:
        """Delete the account, its sessions and its known networks. Returns its id, even if it did not exist."""
        account_id = account_id_of(self._secret, niss)
        await self._accounts.delete(account_id)
        await self._sessions.end_all(account_id, "account-deleted")
        await self._networks.forget(account_id)
        return account_id


async def run(lines: Iterable[bytes]) -> int:
    try:
        parsed = parse_accounts(lines)
    except ValueError as error:
        print(f"No account was created. Correct these lines and try again:\n{error}", file=sys.stderr)
        return 2
    settings = from_environment(Settings)
    logging.configure("gateway-accounts", settings.postigo_log_level, sys.stderr.buffer)
    client = connect(settings.mongo_url, settings.mongo_driver)
    accounts = Accounts(database(client, f"{settings.mongo_database_prefix}_gateway"), settings.id_secret)
    try:
        for each in parsed:
            if isinstance(each, NewAccount):
                done = {"niss": each.niss, "account_id": await accounts.put(each)}
            else:
                done = {"niss": each.niss, "account_id": await accounts.delete(each.niss), "deleted": True}
            print(orjson.dumps(done).decode(), flush=True)
    except StoreUnavailable as error:
        print(f"Accounts not created: {error}", file=sys.stderr)
        return 1
    finally:
        await disconnect(client)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.stdin.buffer)))
