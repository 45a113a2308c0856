"""`/v1/requests`: file, list and read requests, their timelines, receipts and explained dates."""

from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from gateway.dependencies import IdempotencyKey, OwnLanguage, ReceiptHeader, ServicesDep, SignedIn
from gateway.receipts.claims import claims_of
from gateway.receipts.printing import PDF_CONTENT
from gateway.requests.deadline_presenter import DeadlinePresenter
from gateway.requests.deadline_schemas import DeadlineResponse
from gateway.requests.list_query import ListedState, ListQueryDep, wanted_list
from gateway.requests.presenter import RequestPresenter, submission_response
from gateway.requests.read_schemas import ReceiptResponse, RequestCounts, RequestPage, RequestResponse, Timeline
from gateway.requests.request_command import command_of
from gateway.requests.schemas import NewRequest, SubmissionResponse
from gateway.requests.timeline_presenter import TimelinePresenter
from services.common.contracts.lifecycle import State
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.problems import problem_responses
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(prefix="/v1/requests", tags=["requests"], route_class=StrictJsonRoute)

After = Annotated[
    UUID | None, Query(description="The id of an act of yours: the read waits briefly until it is applied or refused.")
]

_SUBMIT_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NOT_JSON,
    problem_types.IDEMPOTENCY_KEY,
    problem_types.NO_SESSION,
    problem_types.TOO_LARGE,
    problem_types.MEDIA_TYPE,
    problem_types.INVALID,
    problem_types.KEY_REUSED,
    problem_types.LIMIT_REACHED,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.NOT_CONFIRMED,
    problem_types.UNAVAILABLE,
)
_LIST_PROBLEMS: Final[Any] = problem_responses(
    problem_types.CURSOR,
    problem_types.NO_SESSION,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_READ_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.NOT_FOUND,
    problem_types.REFERENCE,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)


@router.post(
    "",
    status_code=201,
    responses=_SUBMIT_PROBLEMS,
    summary="File a request",
    response_description="The request is stored, and this is its reference. A repetition gets the same answer.",
)
async def submit_request(
    new: NewRequest,
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    linked_receipt: ReceiptHeader = None,
) -> SubmissionResponse:
    """File a request and get its reference. 201 means that it is stored; 503 means *not confirmed*: send it again.

    The receipt that may be sent is that of the request in `linked_to`.
    """
    receipt = await services.submissions.submit(await command_of(request, session, key, new), linked_receipt)
    response.headers["Location"] = f"/v1/requests/{receipt.reference}"
    response.headers["Cache-Control"] = "no-store"
    return submission_response(receipt, services.submissions.receipt_secret)


@router.get(
    "",
    response_model=RequestPage,
    responses=_LIST_PROBLEMS,
    summary="List own requests",
    response_description="A page of your requests.",
)
async def list_requests(
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    query: ListQueryDep,
    limit: Annotated[int, Query(ge=1, le=100, description="The maximum number of requests on the page.")] = 20,
    cursor: Annotated[str | None, Query(max_length=500, description="The `next` of the previous page.")] = None,
) -> Response:
    """Your own requests, newest first. The filters combine: a request is listed if it fits all of them."""
    wanted = await wanted_list(services, session, query)
    views, next_cursor = await services.queries.list(session, wanted, cursor, limit)
    presenter = RequestPresenter(language)
    page = RequestPage(items=[presenter.summary(view) for view in views], next=next_cursor)
    return etag_response(request, page, language)


@router.get(
    "/counts",
    response_model=RequestCounts,
    responses=_LIST_PROBLEMS,
    summary="Count own requests",
    response_description="How many of your requests are in each state.",
)
async def count_requests(
    request: Request, session: SignedIn, language: OwnLanguage, services: ServicesDep, query: ListQueryDep
) -> Response:
    """The number of requests in each state, of those that fit the other filters: `state` changes nothing here."""
    found = await services.queries.counts(session, await wanted_list(services, session, query))
    counts = {each: found.get(State(each), 0) for each in get_args(ListedState)}
    return etag_response(request, RequestCounts(states=counts, total=sum(counts.values())), language)


@router.get(
    "/{reference}",
    response_model=RequestResponse,
    responses=_READ_PROBLEMS,
    summary="Read a request",
    response_description="The request as it stands now.",
)
async def get_request(
    reference: str,
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    receipt: ReceiptHeader = None,
    after: After = None,
) -> Response:
    """The request and its state. The reference may be typed in any case, with or without dashes."""
    found = await services.queries.get(session, reference, receipt, after)
    return etag_response(request, RequestPresenter(language).request(found, after), language)


@router.get(
    "/{reference}/timeline",
    response_model=Timeline,
    responses=_READ_PROBLEMS,
    summary="Read the timeline",
    response_description="Everything that happened to the request so far.",
)
async def get_timeline(
    reference: str,
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    receipt: ReceiptHeader = None,
    after: After = None,
) -> Response:
    """All facts about the request, in order."""
    found = await services.queries.get(session, reference, receipt, after)
    return etag_response(request, TimelinePresenter(language).timeline(found), language)


@router.get(
    "/{reference}/receipt",
    response_model=ReceiptResponse,
    responses=_READ_PROBLEMS,
    summary="Get the receipt",
    response_description="The receipt, and what it proves.",
)
async def get_receipt(
    reference: str,
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    receipt: ReceiptHeader = None,
) -> Response:
    """The signed proof that the request was filed: when, and about which subject."""
    found = await services.queries.get(session, reference, receipt)
    presenter = RequestPresenter(language)
    claims = claims_of(found)
    jws = None if claims is None else services.receipt_keys.sign(claims)
    return etag_response(request, presenter.receipt(found.receipt, services.queries.secret, jws), language)


@router.get(
    "/{reference}/receipt.pdf",
    response_class=Response,
    responses={200: PDF_CONTENT} | _READ_PROBLEMS,
    summary="Get the receipt as a PDF",
    response_description="A PDF in your language, with the signed receipt as an attachment.",
)
async def get_receipt_pdf(
    reference: str,
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    receipt: ReceiptHeader = None,
) -> Response:
    """The receipt on paper. Its code leads to the page that verifies it. It does not exist for a moment after filing."""
    found = await services.queries.get(session, reference, receipt)
    return await services.receipt_printer.response(request, found, language)


@router.get(
    "/{reference}/deadline",
    response_model=DeadlineResponse,
    responses=_READ_PROBLEMS,
    summary="Explain the dates",
    response_description="Each date of the request, with the days that were counted.",
)
async def get_deadline(
    reference: str,
    request: Request,
    session: SignedIn,
    language: OwnLanguage,
    services: ServicesDep,
    receipt: ReceiptHeader = None,
    after: After = None,
) -> Response:
    """Why each date of the request is what it is: the rule with the law's articles, and every day that counts or does not."""
    found = await services.queries.get(session, reference, receipt, after)
    return etag_response(request, DeadlinePresenter(language).explanation(found), language)
