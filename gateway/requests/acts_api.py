"""Acts on `/v1/requests/{reference}`: write messages, come back on an answer, rate, withdraw."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request, Response

from gateway.dependencies import IdempotencyKey, ReceiptHeader, ServicesDep, SignedIn
from gateway.requests.request_command import command_of
from gateway.requests.schemas import ActResponse, NewAct, NewMessage, NewRating, NewReopening, NewWithdrawal
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


_APPLIED: Final = "Read the request with its `act_id` as `after` to see whether it was applied."


@dataclass(frozen=True, slots=True)
class Acting:
    """What every act needs: whose it is, and under which key."""

    session: SignedIn
    key: IdempotencyKey
    services: ServicesDep
    request: Request
    response: Response
    receipt: ReceiptHeader = None

    async def accept(self, reference: str, body: NewAct) -> ActResponse:
        command = await command_of(self.request, self.session, self.key, body)
        act, act_id = await self.services.acts.act(command, reference, self.receipt)
        self.response.headers["Location"] = f"/v1/requests/{act.reference}?after={act_id}"
        self.response.headers["Cache-Control"] = "no-store"
        return ActResponse(reference=act.reference, act_id=act_id)


ActingDep = Annotated[Acting, Depends()]


@router.post(
    "/{reference}/messages",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Add a message or files",
    response_description=f"The message is stored. {_APPLIED}",
)
async def add_message(reference: str, message: NewMessage, acting: ActingDep) -> ActResponse:
    """Add text or files to your own request, or deliver documents that were asked for. On an answer it returns the request to
    analysis, until the `reply_until` of the request. Later it is refused: read the outcome with `?after=`.

    A document that is known to be received is not delivered again: the item is refused. A file for one that is no longer waited for is
    kept as one that was not asked for.

    During a hearing (`hearing` of the request) answer in one message, with all its files: any message ends the hearing, even a mere
    question.
    """
    return await acting.accept(reference, message)


@router.post(
    "/{reference}/withdrawal",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Withdraw a request",
    response_description=f"The withdrawal is stored. {_APPLIED}",
)
async def withdraw_request(
    reference: str, acting: ActingDep, withdrawal: Annotated[NewWithdrawal | None, Body()] = None
) -> ActResponse:
    """Withdraw your own request. It is refused if a department decides first: read the outcome with `?after=`."""
    return await acting.accept(reference, withdrawal or NewWithdrawal())


@router.post(
    "/{reference}/reopening",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Come back on an answer",
    response_description=f"The reopening is stored. {_APPLIED}",
)
async def reopen_request(
    reference: str, acting: ActingDep, reopening: Annotated[NewReopening | None, Body()] = None
) -> ActResponse:
    """Return an answered request to analysis, until its `reply_until`: what a message does, but it needs no text. A new term of ten
    working days begins, whatever the first one was. Later it is refused: read the outcome with `?after=`.
    """
    return await acting.accept(reference, reopening or NewReopening())


@router.post(
    "/{reference}/rating",
    status_code=202,
    responses=_ACT_PROBLEMS,
    summary="Rate a request",
    response_description=f"The rating is stored. {_APPLIED}",
)
async def rate_request(reference: str, rating: NewRating, acting: ActingDep) -> ActResponse:
    """Say how your request was handled: once, after the answer. A withdrawn request cannot be rated. Read the outcome with
    `?after=`.
    """
    return await acting.accept(reference, rating)
