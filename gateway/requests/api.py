"""`/v1/requests`: file, list, read, follow, prove."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from gateway.openapi import BEARER, IDEMPOTENCY_KEY, header, json_body
from gateway.requests.domain import NewMessage, NewRequest, NewWithdrawal
from gateway.requests.shown import ActTaken, ReceiptShown, RequestFiled, RequestPage, RequestShown, Shower, Timeline
from gateway.wired import AskedLanguage, SignedIn, wired
from services.common.catalogue import catalogue
from services.common.contracts.lifecycle import State
from services.common.telemetry.metrics import ACTS, SUBMITS
from services.common.web import kinds
from services.common.web.answers import readable
from services.common.web.problems import Problem, responses

router = APIRouter(prefix="/v1/requests", tags=["requests"])

ListedState = Literal[
    "received",
    "registered",
    "in_analysis",
    "awaiting_documents",
    "answered",
    "concluded",
    "withdrawn",
    "rejected",
]

_SHOWN_RECEIPT: Final = header("Postigo-Receipt", "The receipt of the filing: the request is then found at once.")
RECEIPT: Final = {"parameters": [_SHOWN_RECEIPT]}

After = Annotated[
    UUID | None, Query(description="The id of an act of yours: waits a moment until it was applied or refused.")
]

_WHICH: Final = f"Only requests in this state: {', '.join(get_args(ListedState))}."

_FILED: Final = SUBMITS.labels("201")
_SUBMIT_REFUSALS: Final[Any] = responses(
    kinds.NOT_JSON,
    kinds.IDEMPOTENCY_KEY,
    kinds.NO_SESSION,
    kinds.TOO_SLOW,
    kinds.TOO_LARGE,
    kinds.MEDIA_TYPE,
    kinds.INVALID,
    kinds.KEY_REUSED,
    kinds.BUSY,
    kinds.NOT_CONFIRMED,
    kinds.UNAVAILABLE,
)
_LIST_REFUSALS: Final[Any] = responses(kinds.CURSOR, kinds.NO_SESSION, kinds.INVALID, kinds.BUSY, kinds.UNAVAILABLE)
_READ_REFUSALS: Final[Any] = responses(
    kinds.NO_SESSION,
    kinds.NOT_FOUND,
    kinds.REFERENCE,
    kinds.INVALID,
    kinds.TOO_MANY_AT_ONCE,
    kinds.BUSY,
    kinds.UNAVAILABLE,
)
_ACT_REFUSALS: Final[Any] = responses(
    kinds.NOT_JSON,
    kinds.IDEMPOTENCY_KEY,
    kinds.NO_SESSION,
    kinds.NOT_FOUND,
    kinds.REFERENCE,
    kinds.TOO_SLOW,
    kinds.TOO_LARGE,
    kinds.MEDIA_TYPE,
    kinds.INVALID,
    kinds.KEY_REUSED,
    kinds.TOO_MANY,
    kinds.BUSY,
    kinds.NOT_CONFIRMED,
    kinds.UNAVAILABLE,
)


class Direct(APIRoute):
    """A route whose endpoint takes the request as it is: FastAPI describes it and adds nothing to its cost."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


submit_router = APIRouter(prefix=router.prefix, tags=router.tags, route_class=Direct)


@submit_router.post(
    "",
    status_code=201,
    response_model=RequestFiled,
    responses=_SUBMIT_REFUSALS,
    openapi_extra={**json_body(NewRequest), **BEARER, "parameters": [IDEMPOTENCY_KEY]},
    summary="File a request",
)
async def file(request: Request) -> Response:
    """File a request and get its reference. 201 means that it is kept; a 503 means *not confirmed*: send it again."""
    filing = wired(request).filing
    try:
        receipt = await filing.submit(request)
    except Problem as problem:
        SUBMITS.labels(str(problem.kind.status)).inc()
        raise
    _FILED.inc()
    body = {
        "reference": receipt.reference,
        "request_id": receipt.request_id,
        "state": State.RECEIVED,
        "receipt": receipt.sealed(filing.receipt_secret),
    }
    headers = {"Location": f"/v1/requests/{receipt.reference}", "Cache-Control": "no-store"}
    return Response(orjson.dumps(body), 201, headers, "application/json")


@router.get(
    "",
    response_model=RequestPage,
    responses=_LIST_REFUSALS,
    summary="List own requests",
)
async def page(
    request: Request,
    session: SignedIn,
    language: AskedLanguage,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
    cursor: Annotated[str | None, Query(max_length=500, description="The `next` of the page before.")] = None,
    state: Annotated[ListedState | None, Query(description=_WHICH)] = None,
) -> Response:
    """Own requests, newest first."""
    wanted = None if state is None else State(state)
    found, following = await wired(request).reading.page(session, wanted, cursor, limit)
    shower = Shower(catalogue(), language)
    return readable(request, RequestPage(items=[shower.summary(view) for view in found], next=following), language)


@router.get(
    "/{reference}", response_model=RequestShown, responses=_READ_REFUSALS, openapi_extra=RECEIPT, summary="Read"
)
async def read(
    request: Request, reference: str, session: SignedIn, language: AskedLanguage, after: After = None
) -> Response:
    """Where the request stands. The reference may be typed in any case, with or without dashes."""
    found = await wired(request).reading.one(session, reference, request.headers.get("postigo-receipt"), after)
    return readable(request, Shower(catalogue(), language).request(found, after), language)


@router.get(
    "/{reference}/timeline",
    response_model=Timeline,
    responses=_READ_REFUSALS,
    openapi_extra=RECEIPT,
    summary="Follow",
)
async def timeline(
    request: Request, reference: str, session: SignedIn, language: AskedLanguage, after: After = None
) -> Response:
    """Everything that happened to the request, in order."""
    found = await wired(request).reading.one(session, reference, request.headers.get("postigo-receipt"), after)
    return readable(request, Shower(catalogue(), language).timeline(found), language)


@router.get(
    "/{reference}/receipt",
    response_model=ReceiptShown,
    responses=_READ_REFUSALS,
    openapi_extra=RECEIPT,
    summary="Prove",
)
async def receipt(request: Request, reference: str, session: SignedIn, language: AskedLanguage) -> Response:
    """That the counter has the request, since when, and what it is about."""
    here = wired(request)
    found = await here.reading.one(session, reference, request.headers.get("postigo-receipt"))
    return readable(request, Shower(catalogue(), language).receipt(found.receipt, here.reading.secret), language)


@router.post(
    "/{reference}/messages",
    status_code=202,
    response_model=ActTaken,
    responses=_ACT_REFUSALS,
    openapi_extra={**json_body(NewMessage), **BEARER, "parameters": [IDEMPOTENCY_KEY, _SHOWN_RECEIPT]},
    summary="Write, add files",
)
async def write(request: Request, reference: str) -> Response:
    """Add words or files to your own request, wherever it stands. 202 means that they are kept."""
    return await _taken(request, reference, NewMessage, "message")


@router.post(
    "/{reference}/withdrawal",
    status_code=202,
    response_model=ActTaken,
    responses=_ACT_REFUSALS,
    openapi_extra={
        **json_body(NewWithdrawal, required=not NewWithdrawal.MAY_BE_ABSENT),
        **BEARER,
        "parameters": [IDEMPOTENCY_KEY, _SHOWN_RECEIPT],
    },
    summary="Withdraw",
)
async def withdraw(request: Request, reference: str) -> Response:
    """Take your own request back. It counts if no department decides first: read with `?after=` what became of it."""
    return await _taken(request, reference, NewWithdrawal, "withdrawal")


async def _taken(request: Request, typed: str, model: type[NewMessage | NewWithdrawal], name: str) -> Response:
    try:
        act, act_id = await wired(request).acting.act(request, typed, model)
    except Problem as problem:
        ACTS.labels(name, str(problem.kind.status)).inc()
        raise
    ACTS.labels(name, "202").inc()
    headers = {"Location": f"/v1/requests/{act.reference}?after={act_id}", "Cache-Control": "no-store"}
    return Response(orjson.dumps({"reference": act.reference, "act_id": act_id}), 202, headers, "application/json")
