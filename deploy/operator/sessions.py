"""Ends the sessions of an account, by signed calls to the gateway."""

from collections.abc import Mapping
from typing import Final

from deploy.operator.audit import Actor
from deploy.operator.internal_calls import call
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import AccountRequest, SessionsOfAccount

ACTION: Final = "end-sessions"

COUNT: Final = "/internal/sessions"
END: Final = "/internal/sessions/end"


async def count_sessions(session: OperatorSession, account: AccountRequest) -> SessionsOfAccount:
    """The number of sessions of the account. Raises OperatorError."""
    missing = f"There is no account with this {'NISS' if account.niss else 'id'}."
    return await call(session, "gateway", COUNT, account, SessionsOfAccount, missing=missing)


async def end_sessions(session: OperatorSession, actor: Actor, found: SessionsOfAccount) -> int:
    """End all sessions of the account on all replicas, within ten seconds. Returns their number. Raises OperatorError."""
    terms: Mapping[str, str] = {"account": str(found.account_id)}
    async with session.operation(actor, ACTION, found.sessions, terms) as audit:
        account = AccountRequest(account_id=found.account_id)
        ended = await call(session, "gateway", END, account, SessionsOfAccount)
        audit.counts["ended"] = ended.sessions
    return ended.sessions
