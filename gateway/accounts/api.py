"""`/v1/sessions`: people sign in and out, and see where they are signed in."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from gateway.accounts.domain import AccountKind, Credentials
from gateway.dependencies import ServicesDep, SignedIn, Token
from gateway.path_ids import PathId, path_id
from services.common.catalogue import Language
from services.common.http import problem_types
from services.common.http.problems import problem_responses
from services.common.http.strict_json import StrictJsonRoute


class CredentialsRoute(StrictJsonRoute):
    """A small body limit, because anybody may send a body here without a session."""

    body_limit = 4 * 1024


router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=CredentialsRoute)


class AccountResponse(BaseModel):
    """`place` is your coarse place of residence: a country, or a district, region or municipality of Portugal. Legal terms
    depend on it.
    """

    account_id: UUID
    name: str
    kind: AccountKind
    language: Language
    place: str | None = None
    flags: tuple[str, ...] = ()


class SessionResponse(BaseModel):
    """The session that has begun."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    token: str
    """Shown once. Send it as `Authorization: Bearer TOKEN`."""
    expires_at: datetime
    """It may end before: when it was not used for half an hour, or was ended."""
    account: AccountResponse


class OwnSessionResponse(BaseModel):
    """One of your sessions."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    session_id: UUID
    created_at: datetime
    last_used_at: datetime
    """Exact to about a minute."""
    expires_at: datetime
    current: bool
    """Whether it is the session of this request."""


class OwnSessionsResponse(BaseModel):
    items: list[OwnSessionResponse]


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
_OWN_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_END_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.NOT_FOUND,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)


@router.post(
    "",
    status_code=201,
    responses=_SIGN_IN_PROBLEMS,
    summary="Sign in",
    response_description="The session has begun, and this is its token.",
)
async def sign_in(
    credentials: Credentials, request: Request, response: Response, services: ServicesDep
) -> SessionResponse:
    """Start a session with NISS and password. It ends after eight hours, or after half an hour without a
    request (a setting of the server).
    """
    address = request.client.host if request.client else ""
    token, session, account = await services.sign_in.begin(credentials, address)
    response.headers["Cache-Control"] = "no-store"
    return SessionResponse(
        token=token,
        expires_at=session.expires_at,
        account=AccountResponse(
            account_id=account.account_id,
            name=account.name,
            kind=account.kind,
            language=account.language,
            place=account.place,
            flags=account.flags,
        ),
    )


@router.get("", responses=_OWN_PROBLEMS, summary="List own sessions", response_description="Your sessions.")
async def list_sessions(
    token: Token, session: SignedIn, response: Response, services: ServicesDep
) -> OwnSessionsResponse:
    """Where you are signed in, the last used first: at most 20 sessions."""
    own = await services.sessions.own(session.account_id, token)
    response.headers["Cache-Control"] = "no-store"
    return OwnSessionsResponse(items=[OwnSessionResponse.model_validate(each, from_attributes=True) for each in own])


@router.delete(
    "",
    status_code=204,
    response_class=Response,
    responses=_OWN_PROBLEMS,
    summary="Sign out everywhere else",
    response_description="All other sessions have ended.",
)
async def end_other_sessions(token: Token, session: SignedIn, response: Response, services: ServicesDep) -> None:
    """End all your sessions but this one, within ten seconds."""
    await services.sessions.end_others(session.account_id, token)
    response.headers["Cache-Control"] = "no-store"


@router.delete(
    "/current",
    status_code=204,
    response_class=Response,
    responses=_OWN_PROBLEMS,
    summary="Sign out",
    response_description="The session has ended.",
)
async def sign_out(token: Token, session: SignedIn, response: Response, services: ServicesDep) -> None:
    """End the session. Its token is no longer valid."""
    await services.sessions.end(token, session.account_id)
    response.headers["Cache-Control"] = "no-store"


@router.delete(
    "/{session_id}",
    status_code=204,
    response_class=Response,
    responses=_END_PROBLEMS,
    summary="End one of your sessions",
    response_description="That session has ended.",
)
async def end_session(
    session_id: PathId,
    token: Token,
    session: SignedIn,
    response: Response,
    services: ServicesDep,
) -> None:
    """End one of your sessions, within ten seconds."""
    await services.sessions.end_one(session.account_id, path_id(session_id, "session_id"), token)
    response.headers["Cache-Control"] = "no-store"
