"""`/v1/sessions`, and the one internal question about people."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from gateway.accounts.domain import Account, AccountKind, Credentials
from gateway.openapi import BEARER, json_body
from gateway.wired import wired
from services.common.catalogue import Language
from services.common.gathering import MOST
from services.common.web import kinds
from services.common.web.bodies import read_json
from services.common.web.ours import read_ours
from services.common.web.problems import responses

router = APIRouter()

CREDENTIALS_CAP: Final = 4 * 1024
"""Bytes of a body that anybody may send, without being known."""

_NO_STORE: Final = {"Cache-Control": "no-store"}


class AccountShown(BaseModel):
    account_id: UUID
    name: str
    kind: AccountKind
    language: Language


class SessionBegun(BaseModel):
    """`token` is shown once; send it as `Authorization: Bearer <token>`."""

    token: str
    expires_at: datetime
    account: AccountShown


class Recipient(BaseModel):
    name: str
    email: str
    language: Language
    channels: tuple[str, ...]


class RecipientAsked(BaseModel):
    account_id: UUID
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RecipientsAsked(BaseModel):
    asked: Annotated[tuple[RecipientAsked, ...], Field(max_length=MOST)]


class RecipientsTold(BaseModel):
    """In the order in which they were asked for."""

    recipients: tuple[Recipient | None, ...]


_REFUSALS: Final[Any] = responses(
    kinds.NOT_JSON,
    kinds.WRONG_CREDENTIALS,
    kinds.TOO_LARGE,
    kinds.MEDIA_TYPE,
    kinds.INVALID,
    kinds.TOO_MANY,
    kinds.BUSY,
    kinds.UNAVAILABLE,
)


@router.post(
    "/v1/sessions",
    status_code=201,
    response_model=SessionBegun,
    responses=_REFUSALS,
    openapi_extra=json_body(Credentials),
    summary="Sign in",
)
async def sign_in(request: Request) -> Response:
    """Begin a session of eight hours with NISS and password."""
    credentials = await read_json(request, Credentials, CREDENTIALS_CAP)
    address = request.client.host if request.client else ""
    token, session, account = await wired(request).sign_in.begin(credentials, address)
    shown = AccountShown(account_id=account.account_id, name=account.name, kind=account.kind, language=account.language)
    begun = SessionBegun(token=token, expires_at=session.expires_at, account=shown)
    return Response(begun.model_dump_json(), 201, _NO_STORE, "application/json")


@router.delete(
    "/v1/sessions/current",
    status_code=204,
    responses=responses(kinds.NO_SESSION, kinds.BUSY, kinds.UNAVAILABLE),
    openapi_extra=BEARER,
    summary="Sign out",
)
async def sign_out(request: Request) -> Response:
    """End the session. Its token is worth nothing from now on."""
    sessions = wired(request).sessions
    await sessions.of(request)
    await sessions.end(request)
    return Response(status_code=204, headers=_NO_STORE)


@router.post("/internal/recipients", include_in_schema=False)
async def recipients(request: Request) -> Response:
    """Whom notices go to, null where there is no such account. Signed by one of our own processes; what each is asked for
    is kept in the access log.
    """
    here = wired(request)
    asked = (await read_ours(request, here.settings.internal_secret, RecipientsAsked)).asked
    accounts = await here.accounts.recipients([(each.account_id, each.purpose) for each in asked], datetime.now(UTC))
    told = RecipientsTold(recipients=tuple(account and _recipient(account) for account in accounts))
    return Response(told.model_dump_json(), headers=_NO_STORE, media_type="application/json")


def _recipient(account: Account) -> Recipient:
    return Recipient(name=account.name, email=account.email, language=account.language, channels=("email",))
