"""`python -m gateway.accounts`: create or update accounts from JSON lines, the same however often it is run.

Reads `{"niss","password","name","email","language","kind"}` and prints `{"niss","account_id"}`, a line each. A line
that is wrong ends the run with 2 and is named by its number; nothing of it is printed.
"""

import asyncio
import sys
from collections.abc import Iterable

import orjson
from pydantic import ValidationError

from gateway.accounts.domain import Account, NewAccount, account_id_of
from gateway.accounts.passwords import fits, hashed
from gateway.accounts.store import AccountStore
from gateway.settings import Settings
from services.common.domain.errors import StoreUnavailable
from services.common.http.field_errors import errors_of
from services.common.runtime.settings import from_environment
from services.common.store import connect, database, disconnect


def read(lines: Iterable[bytes]) -> list[NewAccount]:
    """The accounts in `lines`. Raises ValueError that names line and fields, never what they hold."""
    wanted = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            wanted.append(NewAccount.model_validate_json(line))
        except ValidationError as error:
            fields = ", ".join(f"{each.pointer or 'line'}: {each.code}" for each in errors_of(error, NewAccount))
            raise ValueError(f"line {number}: {fields}") from None
    return wanted


async def put(store: AccountStore, secret: bytes, wanted: NewAccount) -> Account:
    """Create the account, or bring it up to date; a password that already fits keeps its hash."""
    account_id = account_id_of(secret, wanted.niss)
    known = await store.find(account_id)
    kept = known is not None and fits(wanted.password, known.password_hash)
    account = Account(
        account_id=account_id,
        niss=wanted.niss,
        kind=wanted.kind,
        name=wanted.name,
        email=wanted.email,
        language=wanted.language,
        password_hash=known.password_hash if known is not None and kept else hashed(wanted.password),
    )
    if account != known:
        await store.put(account)
    return account


async def run(lines: Iterable[bytes]) -> int:
    try:
        wanted = read(lines)
    except ValueError as error:
        print(f"Accounts not created. {error}", file=sys.stderr)
        return 2
    settings = from_environment(Settings)
    client = connect(settings.mongo_url, settings.mongo_driver)
    store = AccountStore(database(client, f"{settings.mongo_database_prefix}_gateway"))
    try:
        for each in wanted:
            account = await put(store, settings.id_secret, each)
            print(orjson.dumps({"niss": account.niss, "account_id": account.account_id}).decode(), flush=True)
    except StoreUnavailable as away:
        print(f"Accounts not created: {away}", file=sys.stderr)
        return 1
    finally:
        await disconnect(client)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.stdin.buffer)))
