"""Internal calls about accounts: the recipients of notices, and an operator who ends sessions or imports accounts."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from gateway.accounts.domain import Account, DeletedAccount, account_id_of
from gateway.accounts.imports import parse_accounts
from gateway.dependencies import ServicesDep
from services.common.contracts.internal import (
    AccountLines,
    AccountRequest,
    CheckedAccounts,
    ImportedAccounts,
    Recipient,
    RecipientsRequest,
    RecipientsResponse,
    SessionsOfAccount,
)
from services.common.contracts.limits import MAX_ACCOUNT_BYTES
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.internal_auth import require_signature
from services.common.http.problems import Problem
from services.common.http.strict_json import StrictJsonRoute

JSON_ESCAPE_BYTES: Final = 6
"""A character of one byte takes at most six bytes in JSON (`\\u0000`)."""


class AccountLinesRoute(StrictJsonRoute):
    body_limit = JSON_ESCAPE_BYTES * MAX_ACCOUNT_BYTES + 4 * 1024


router = APIRouter(
    prefix="/internal", route_class=StrictJsonRoute, dependencies=[Depends(require_signature)], include_in_schema=False
)
lines_router = APIRouter(
    prefix="/internal/accounts",
    route_class=AccountLinesRoute,
    dependencies=[Depends(require_signature)],
    include_in_schema=False,
)


@router.post("/recipients")
async def get_recipients(body: RecipientsRequest, response: Response, services: ServicesDep) -> RecipientsResponse:
    """The recipients of notices, null where there is no such account. Each purpose is written to the access log."""
    purposes = [(each.account_id, each.purpose) for each in body.asked]
    accounts = await services.accounts.recipients(purposes, datetime.now(UTC))
    response.headers["Cache-Control"] = "no-store"
    return RecipientsResponse(recipients=tuple(account and _recipient(account) for account in accounts))


@router.post("/sessions")
async def count_sessions(body: AccountRequest, services: ServicesDep) -> SessionsOfAccount:
    """How many sessions an account has."""
    account_id = _account_of(body, services)
    if await services.accounts.find(account_id) is None:
        raise Problem(problem_types.NOT_FOUND)
    return SessionsOfAccount(account_id=account_id, sessions=await services.sessions.count(account_id))


@router.post("/sessions/end")
async def end_sessions(body: AccountRequest, services: ServicesDep) -> SessionsOfAccount:
    """End all sessions of an account, for an operator. The answer has their number."""
    account_id = _account_of(body, services)
    ended = await services.sessions.end_all(account_id, "ended-by-operator")
    return SessionsOfAccount(account_id=account_id, sessions=ended)


@lines_router.post("/check")
async def check_accounts(body: AccountLines) -> CheckedAccounts:
    """What the lines would do, and what is wrong with them. Changes nothing."""
    accounts, errors = parse_accounts(body.lines, body.first)
    deleted = sum(isinstance(each, DeletedAccount) for each in accounts)
    return CheckedAccounts(replaced=len(accounts) - deleted, deleted=deleted, errors=tuple(errors))


@lines_router.post("")
async def import_accounts(body: AccountLines, services: ServicesDep) -> ImportedAccounts:
    """Create, replace or delete the account of each line, in order. If a line is wrong, nothing changes."""
    accounts, errors = parse_accounts(body.lines, body.first)
    if errors:
        raise Problem(problem_types.INVALID, FieldError("invalid", pointer="/lines"))
    return ImportedAccounts(accounts=tuple([await services.imports.apply(each) for each in accounts]))


def _account_of(body: AccountRequest, services: ServicesDep) -> UUID:
    return body.account_id or account_id_of(services.settings.id_secret, body.niss or "")


def _recipient(account: Account) -> Recipient:
    return Recipient(name=account.name, email=account.email, language=account.language, channels=("email",))
