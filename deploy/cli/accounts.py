"""`postigo accounts import`."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Final

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, count, progress_bar
from deploy.operator.accounts import check_accounts, import_accounts
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import ImportedAccount

WRONG_LINES: Final = 2
"""The exit code when lines are wrong; 1 means that the command failed."""


def run(invocation: Invocation) -> None:
    """Exit code `WRONG_LINES` when a line is wrong: then no account changes."""
    invocation.require_reason("Accounts are replaced or deleted")
    if sys.stdin.isatty():
        print("Accounts, one a line; Ctrl-D ends them:", file=sys.stderr)
    lines = sys.stdin.buffer.readlines()
    errors = invocation.with_session(lambda session: _run(session, invocation, lines))
    if errors:
        # Thousands of lines may be wrong: they are no sentence for one error.
        print("No account was changed. Correct these lines and try again:", file=sys.stderr)
        print(*(f"  {each}" for each in errors), sep="\n", file=sys.stderr)
        sys.exit(WRONG_LINES)


async def _run(session: OperatorSession, invocation: Invocation, lines: Sequence[bytes]) -> Sequence[str]:
    """Check and import the lines. Returns what is wrong with them."""
    checked = await check_accounts(session, lines)
    number = checked.replaced + checked.deleted
    if checked.errors:
        return checked.errors
    if not number:
        raise OperatorError("Standard input has no account.")
    if not invocation.do:
        replaced = f"{count(checked.replaced, 'account')} would be created or replaced"
        console().print(f"{replaced}, and {checked.deleted} deleted.\n\n{invocation.dry_run}")
        return ()
    with progress_bar(number, "Importing") as progress:
        await import_accounts(session, await invocation.actor(session), lines, checked, _printer(progress))
    return ()


def _printer(progress: Callable[[int], None]) -> Callable[[Sequence[ImportedAccount]], None]:
    """Prints a line of JSON for each account, for programs, as soon as it is stored."""

    def show(accounts: Sequence[ImportedAccount]) -> None:
        for each in accounts:
            deleted = {"deleted": True} if each.deleted else {}
            print(json.dumps({"niss": each.niss, "account_id": str(each.account_id), **deleted}), flush=True)
        progress(len(accounts))

    return show
