"""`/v1/sessions`, and the internal call for the recipients of notices."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from gateway.accounts.domain import Account, AccountKind, Credentials
from gateway.dependencies import ServicesDep, SignedIn, Token
from services.common.catalogue import Language
from services.common.contracts.internal import Recipient, RecipientsRequest, RecipientsResponse
from services.common.http import problem_types
from services.common.http.internal_auth import require_signature
from services.common.http.problems import problem_responses
from services.common.http.strict_json import StrictJsonRoute


class CredentialsRoute(StrictJsonRoute):
    """A small body limit, because anybody may send a body here without a session."""

    body_limit = 4 * 1024


router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=CredentialsRoute)
internal_router = APIRouter(
    prefix="/internal", route_class=StrictJsonRoute, dependencies=[Depends(require_signature)], include_in_schema=False
)


class AccountResponse(BaseModel):
    account_id: UUID
    name: str
    kind: AccountKind
    language: Language


class SessionResponse(BaseModel):
    """`token` is shown once; send it as `Authorization: Bearer <token>`."""

    token: str
    expires_at: datetime
    account: AccountResponse


_SIGN_IN_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NOT_JSON,
    problem_types.WRONG_CREDENTIALS,
    problem_types.TOO_LARGE,
    problem_types.MEDIA_TYPE,
    problem_types.INVALID,
    problem_types.TOO_MANY,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_SIGN_OUT_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION, problem_types.BUSY, problem_types.UNAVAILABLE
)


@router.post("", status_code=201, responses=_SIGN_IN_PROBLEMS, summary="Sign in")
async def sign_in(
    credentials: Credentials, request: Request, response: Response, services: ServicesDep
) -> SessionResponse:
    """Start a session of eight hours with NISS and password."""
    address = request.client.host if request.client else ""
    token, session, account = await services.sign_in.begin(credentials, address)
    response.headers["Cache-Control"] = "no-store"
    return SessionResponse(
        token=token,
        expires_at=session.expires_at,
        account=AccountResponse(
            account_id=account.account_id, name=account.name, kind=account.kind, language=account.language
        ),
    )


@router.delete("/current", status_code=204, responses=_SIGN_OUT_PROBLEMS, summary="Sign out")
async def sign_out(token: Token, session: SignedIn, response: Response, services: ServicesDep) -> None:
    """End the session. Its token is no longer valid."""
    await services.sessions.end(token)
    response.headers["Cache-Control"] = "no-store"


@internal_router.post("/recipients")
async def get_recipients(body: RecipientsRequest, response: Response, services: ServicesDep) -> RecipientsResponse:
    """The recipients of notices, null where there is no such account. Each purpose is written to the access log."""
    purposes = [(each.account_id, each.purpose) for each in body.asked]
    accounts = await services.accounts.recipients(purposes, datetime.now(UTC))
    response.headers["Cache-Control"] = "no-store"
    return RecipientsResponse(recipients=tuple(account and _recipient(account) for account in accounts))


def _recipient(account: Account) -> Recipient:
    return Recipient(name=account.name, email=account.email, language=account.language, channels=("email",))
