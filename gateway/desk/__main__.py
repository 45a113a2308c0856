"""`python -m gateway.desk`: make, list and revoke the tokens with which departments read their cases.

`token --code pf` prints a new token once; only its hash is stored. `tokens` lists them, and `revoke ID` ends one at once.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from gateway.desk.domain import MAX_DAYS, new_token
from gateway.desk.store import TokenStore
from gateway.settings import Settings
from services.common.catalogue import catalogue
from services.common.domain.errors import StoreUnavailable
from services.common.runtime.settings import from_environment
from services.common.store import connect, database, disconnect


async def make(store: TokenStore, code: str, days: int) -> int:
    """Print a new token. It cannot be shown again."""
    token, stored = new_token(code, datetime.now(UTC), days)
    await store.add(stored)
    print(token)
    print(
        f"Token {stored.id} of {code} expires on {stored.expires_at:%Y-%m-%d}. It is not shown again.", file=sys.stderr
    )
    return 0


async def show(store: TokenStore) -> int:
    now = datetime.now(UTC)
    for token in await store.all():
        state = "valid" if token.is_valid(now) else "expired"
        print(f"{token.id}  {token.department:<4}  {token.created_at:%Y-%m-%d}  {token.expires_at:%Y-%m-%d}  {state}")
    return 0


async def revoke(store: TokenStore, identifier: str) -> int:
    found = [token for token in await store.all() if token.id == identifier]
    if not found:
        print(f"There is no token {identifier}. 'python -m gateway.desk tokens' lists them.", file=sys.stderr)
        return 2
    for token in found:
        await store.remove(token)
    print(f"Token {identifier} of {found[0].department} is revoked.", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gateway.desk", description="The tokens of departments.")
    commands = parser.add_subparsers(dest="command", required=True)
    token = commands.add_parser("token", help="make a token and print it once")
    token.add_argument("--code", required=True, choices=sorted(catalogue().departments), help="code of the department")
    token.add_argument("--days", type=_days, default=365, help="days until it expires (365)")
    commands.add_parser("tokens", help="list the tokens: id, department, created, expires")
    commands.add_parser("revoke", help="end a token at once").add_argument("id", help="as 'tokens' shows it")
    return parser.parse_args()


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"a token lives 1 to {MAX_DAYS} days")
    return days


async def main(arguments: argparse.Namespace) -> int:
    settings = from_environment(Settings)
    client = connect(settings.mongo_url, settings.mongo_driver)
    store = TokenStore(database(client, f"{settings.mongo_database_prefix}_gateway"))
    try:
        match arguments.command:
            case "token":
                return await make(store, arguments.code, arguments.days)
            case "revoke":
                return await revoke(store, arguments.id)
            case _:
                return await show(store)
    except StoreUnavailable as error:
        print(f"Nothing was changed: {error}", file=sys.stderr)
        return 1
    finally:
        await disconnect(client)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_arguments())))
