"""Acts on `/v1/requests/{reference}`: write messages, come back on an answer, rate, withdraw."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response

from gateway.dependencies import IdempotencyKey, ReceiptHeader, ServicesDep, SignedIn
from gateway.requests.request_command import command_of
from gateway.requests.schemas import ActResponse, NewMessage, NewRating, NewReopening, NewWithdrawal
from services.common.contracts.intake import Act
from services.common.http import problem_types
from services.common.http.problems import problem_responses
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(prefix="/v1/requests", tags=["requests"], route_class=StrictJsonRoute)

_ACT_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NOT_JSON,
    problem_types.IDEMPOTENCY_KEY,
    problem_types.NO_SESSION,
    problem_types.NOT_FOUND,
    problem_types.REFERENCE,
    problem_types.TOO_LARGE,
    problem_types.MEDIA_TYPE,
    problem_types.INVALID,
    problem_types.KEY_REUSED,
    problem_types.LIMIT_REACHED,
    problem_types.TOO_MANY,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.NOT_CONFIRMED,
    problem_types.UNAVAILABLE,
)


@router.post(
    "/{reference}/messages",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Add a message or files",
    response_description="The message is stored. Read the request with its `act_id` as `after` to see whether it was applied.",
)
async def add_message(
    reference: str,
    message: NewMessage,
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    receipt: ReceiptHeader = None,
) -> ActResponse:
    """Add text or files to your own request, or deliver documents that were asked for. On an answer it returns the request to
    analysis, until the `reply_until` of the request. Later it is refused: read the outcome with `?after=`.
    """
    command = await command_of(request, session, key, message)
    return _accepted(response, *await services.acts.act(command, reference, receipt))


@router.post(
    "/{reference}/withdrawal",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Withdraw a request",
    response_description="The withdrawal is stored. Read the request with its `act_id` as `after` to see whether it was applied.",
)
async def withdraw_request(
    reference: str,
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    receipt: ReceiptHeader = None,
    withdrawal: Annotated[NewWithdrawal | None, Body()] = None,
) -> ActResponse:
    """Withdraw your own request. It is refused if a department decides first: read the outcome with `?after=`."""
    command = await command_of(request, session, key, withdrawal or NewWithdrawal())
    return _accepted(response, *await services.acts.act(command, reference, receipt))


@router.post(
    "/{reference}/reopening",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Come back on an answer",
    response_description="The reopening is stored. Read the request with its `act_id` as `after` to see whether it was applied.",
)
async def reopen_request(
    reference: str,
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    receipt: ReceiptHeader = None,
    reopening: Annotated[NewReopening | None, Body()] = None,
) -> ActResponse:
    """Return an answered request to analysis, until its `reply_until`. Later it is refused: read the outcome with `?after=`."""
    command = await command_of(request, session, key, reopening or NewReopening())
    return _accepted(response, *await services.acts.act(command, reference, receipt))


@router.post(
    "/{reference}/rating",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Rate a request",
    response_description="The rating is stored. Read the request with its `act_id` as `after` to see whether it was applied.",
)
async def rate_request(
    reference: str,
    rating: NewRating,
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    receipt: ReceiptHeader = None,
) -> ActResponse:
    """Say how your request was handled: once, after the answer. Read the outcome with `?after=`."""
    command = await command_of(request, session, key, rating)
    return _accepted(response, *await services.acts.act(command, reference, receipt))


def _accepted(response: Response, act: Act, act_id: UUID) -> ActResponse:
    response.headers["Location"] = f"/v1/requests/{act.reference}?after={act_id}"
    response.headers["Cache-Control"] = "no-store"
    return ActResponse(reference=act.reference, act_id=act_id)
