"""`python -m gateway.accounts`: create or update accounts from JSON lines. Running it again changes nothing.

Reads lines `{"niss","password","name","email","language","kind"}` from standard input and prints a line
`{"niss","account_id"}` for each. If a line is invalid the run ends with exit status 2 before any account is written, and
standard error lists all invalid lines: their numbers, their fields and what is wrong with them, never the values.
"""

import asyncio
import codecs
import sys
from collections.abc import Iterable

import orjson
from pydantic import ValidationError

from gateway.accounts.domain import Account, NewAccount, account_id_of
from gateway.accounts.passwords import hash_password, verify_password
from gateway.accounts.store import AccountStore
from gateway.settings import Settings
from services.common.domain.errors import StoreUnavailable
from services.common.http.field_errors import FieldError, errors_of
from services.common.runtime.settings import from_environment
from services.common.store import connect, database, disconnect


def parse_accounts(lines: Iterable[bytes]) -> list[NewAccount]:
    """The accounts in `lines`. Raises ValueError with a sentence for each wrong field, which never has its value."""
    accounts, errors = [], []
    for number, line in enumerate(lines, 1):
        # Some editors write a byte order mark at the beginning of a file.
        content = line.removeprefix(codecs.BOM_UTF8).strip()
        if not content:
            continue
        try:
            accounts.append(NewAccount.model_validate_json(content))
        except ValidationError as error:
            errors += [f"line {number}{_described(each)}" for each in errors_of(error, NewAccount)]
    if errors:
        raise ValueError("\n".join(f"  {each}" for each in errors))
    return accounts


def _described(error: FieldError) -> str:
    field = error.pointer.removeprefix("/") if error.pointer else ""
    return f"{field and f', {field}'}: {error.text('en')}"


async def put(store: AccountStore, secret: bytes, new: NewAccount) -> Account:
    """Create or update the account. An unchanged password keeps its stored hash."""
    account_id = account_id_of(secret, new.niss)
    existing = await store.find(account_id)
    same_password = existing is not None and verify_password(new.password, existing.password_hash)
    account = Account(
        account_id=account_id,
        niss=new.niss,
        kind=new.kind,
        name=new.name,
        email=new.email,
        language=new.language,
        password_hash=existing.password_hash if existing is not None and same_password else hash_password(new.password),
    )
    if account != existing:
        await store.put(account)
    return account


async def run(lines: Iterable[bytes]) -> int:
    try:
        accounts = parse_accounts(lines)
    except ValueError as error:
        print(f"No account was created. Correct these lines and try again:\n{error}", file=sys.stderr)
        return 2
    settings = from_environment(Settings)
    client = connect(settings.mongo_url, settings.mongo_driver)
    store = AccountStore(database(client, f"{settings.mongo_database_prefix}_gateway"))
    try:
        for new in accounts:
            account = await put(store, settings.id_secret, new)
            print(orjson.dumps({"niss": account.niss, "account_id": account.account_id}).decode(), flush=True)
    except StoreUnavailable as error:
        print(f"Accounts not created: {error}", file=sys.stderr)
        return 1
    finally:
        await disconnect(client)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.stdin.buffer)))
