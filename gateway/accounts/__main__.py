"""`python -m gateway.accounts`: import accounts with the gateway's own environment, from the machine that has it.

Operators use `postigo accounts import`, which checks who they are and records it. This is for scripts that open accounts where
the gateway itself is set up: whoever runs it has the password of the gateway's store already. It takes and prints the same lines,
and a security event counts each run.
"""

import asyncio
import sys
from collections.abc import Sequence

from gateway.accounts.domain import DeletedAccount
from gateway.accounts.imports import AccountImports, AccountLine, parse_accounts
from gateway.accounts.passwords import Passwords
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, KnownNetworks, SessionStore
from gateway.drafts.store import DraftStore
from gateway.requests.notice_marks import NoticeMarks
from gateway.requests.store import ViewStore
from gateway.settings import Settings
from services.common.domain.errors import StoreUnavailable
from services.common.runtime.settings import from_environment
from services.common.store import connect, database, disconnect
from services.common.telemetry import logging, security

WRONG_LINES = 2
"""The exit status when lines are wrong: then no account changes."""


async def run(lines: Sequence[bytes]) -> int:
    accounts, errors = parse_accounts([line.decode(errors="replace") for line in lines])
    if errors:
        wrong = "\n".join(f"  {each}" for each in errors)
        print(f"No account was created. Correct these lines and try again:\n{wrong}", file=sys.stderr)
        return WRONG_LINES
    settings = from_environment(Settings)
    logging.configure("gateway-accounts", settings.postigo_log_level, sys.stderr.buffer)
    deleted = sum(isinstance(each, DeletedAccount) for each in accounts)
    security.report("operator-act", "gateway-accounts", replaced=len(accounts) - deleted, deleted=deleted)
    try:
        await _apply(accounts, settings)
    except StoreUnavailable as error:
        print(f"Accounts not created: {error}", file=sys.stderr)
        return 1
    return 0


async def _apply(accounts: Sequence[AccountLine], settings: Settings) -> None:
    client = connect(settings.mongo_url, settings.mongo_driver)
    try:
        own = database(client, f"{settings.mongo_database_prefix}_gateway")
        store = AccountStore(own)
        networks, sessions = KnownNetworks(own, settings.id_secret), Sessions(SessionStore(own), store)
        drafts, marks = DraftStore(own), NoticeMarks(own, ViewStore(own))
        imports = AccountImports(store, networks, sessions, drafts, marks, Passwords(), settings.id_secret)
        for each in accounts:
            print((await imports.apply(each)).model_dump_json(exclude_defaults=True), flush=True)
    finally:
        await disconnect(client)


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.stdin.buffer.readlines())))
