"""`postigo sessions end`."""

import sys
from uuid import UUID

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, count, print_json
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from deploy.operator.sessions import count_sessions, end_sessions
from services.common.contracts.internal import AccountRequest
from services.common.domain.identifiers import clean_niss, valid_niss


def run(invocation: Invocation, account_id: UUID | None, *, niss: bool) -> None:
    if niss == (account_id is not None):
        raise OperatorError("Say whose sessions: --account-id ID, or --niss with the number on standard input.")
    invocation.require_reason("The person must sign in again")
    account = AccountRequest(niss=_typed_niss()) if niss else AccountRequest(account_id=account_id)
    invocation.with_session(lambda session: _run(session, invocation, account))


def _typed_niss() -> str:
    """The first line of standard input, cleaned like that of a sign-in: another number would end no session at all, and the
    command would seem to have worked. An argument would be in the list of processes and in the shell's history.
    """
    if sys.stdin.isatty():
        print("NISS: ", end="", file=sys.stderr, flush=True)
    niss = clean_niss(sys.stdin.readline())
    if not valid_niss(niss):
        raise OperatorError("This is not a NISS: it has 11 digits, and one is missing, wrong or too many.")
    return niss


async def _run(session: OperatorSession, invocation: Invocation, account: AccountRequest) -> None:
    found = await count_sessions(session, account)
    number = await end_sessions(session, await invocation.actor(session), found) if invocation.do else found.sessions
    if invocation.as_json:
        print_json({"account_id": found.account_id, "sessions": number, "done": invocation.do})
        return
    sessions = count(number, "session")
    screen = console()
    if invocation.do:
        screen.print(f"{sessions} of account {found.account_id} ended, on every replica within ten seconds.")
    else:
        screen.print(f"{sessions} of account {found.account_id} would end.\n\n{invocation.dry_run}")
