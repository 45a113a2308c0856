"""Ends the sessions of an account, by signed calls to the gateway: it alone owns accounts and sessions."""

from collections.abc import Mapping
from typing import Final

import httpx2
from pydantic import ValidationError

from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import AccountRequest, SessionsOfAccount
from services.common.http import signing
from services.common.http.signing import SignatureRefused

ACTION: Final = "end-sessions"

WITHIN: Final = 5.0
"""Seconds that the gateway has to answer."""

COUNT: Final = "/internal/sessions"
END: Final = "/internal/sessions/end"


async def count_sessions(session: OperatorSession, account: AccountRequest) -> SessionsOfAccount:
    """The number of sessions of the account. Raises OperatorError."""
    return await _call(session, COUNT, account)


async def end_sessions(session: OperatorSession, actor: Actor, found: SessionsOfAccount) -> int:
    """End all sessions of the account on all replicas, within ten seconds. Returns their number. Raises OperatorError."""
    terms: Mapping[str, str] = {"account": str(found.account_id)}
    async with session.operation(actor, ACTION, found.sessions, terms) as audit:
        ended = await _call(session, END, AccountRequest(account_id=found.account_id))
        audit.counts["ended"] = ended.sessions
    return ended.sessions


async def _call(session: OperatorSession, path: str, account: AccountRequest) -> SessionsOfAccount:
    url = session.target.gateway_url
    if not url:
        raise OperatorError("GATEWAY_URL is missing: set it to the address of the gateway's internal listener.")
    body, about = account.model_dump_json().encode(), {"Content-Type": "application/json"}
    secret = session.target.settings.internal_secret
    signature = signing.sign(secret, "POST", path, body=body, about=about)
    try:
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=WITHIN) as http:
            response = await http.post(path, content=body, headers=about | signature)
        response.raise_for_status()
        signing.verify_response(secret, signature, response.status_code, response.headers, response.content)
        return SessionsOfAccount.model_validate_json(response.content)
    except (httpx2.HTTPError, SignatureRefused, ValidationError) as error:
        raise OperatorError(
            f"The gateway does not answer ({type(error).__name__}): check that it runs, and check GATEWAY_URL."
        ) from None
