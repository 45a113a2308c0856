"""`/v1/drafts`: begin a request, go on with it on another device, and file it once."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Request, Response

from gateway.dependencies import IdempotencyKey, ServicesDep, SignedIn
from gateway.drafts.domain import Draft
from gateway.drafts.schemas import DraftBody, DraftResponse, DraftsResponse
from gateway.path_ids import PathId, path_id
from gateway.requests.presenter import submission_response
from gateway.requests.schemas import SubmissionResponse
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.field_errors import FieldError
from services.common.http.languages import DEFAULT, named
from services.common.http.middleware import traceparent_of
from services.common.http.problem_types import ProblemType
from services.common.http.problems import Problem, problem_responses
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(prefix="/v1/drafts", tags=["drafts"], route_class=StrictJsonRoute)

_VERSION: Final = re.compile(r'(?:W/)?"(\d{1,9})(?:-[a-z]+)?"')
"""An `ETag` of a draft. A proxy that compresses a response makes its tag a weak one."""

NO_VERSION: Final = 0
"""The version of a tag that no draft has."""

_ALL: Final = (
    problem_types.NO_SESSION,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_BODY: Final = (problem_types.NOT_JSON, problem_types.TOO_LARGE, problem_types.MEDIA_TYPE)
_CHANGE: Final = (
    problem_types.NOT_FOUND,
    problem_types.DRAFT_BEING_SENT,
    problem_types.DRAFT_SENT,
    problem_types.DRAFT_CHANGED,
    problem_types.LIMIT_REACHED,
)


def _problems(*kinds: ProblemType) -> Any:
    return problem_responses(*_ALL, *kinds)


IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description='The `ETag` of the version that you read, such as `"3"`.'),
]


@router.post(
    "",
    status_code=201,
    response_model_exclude_none=True,
    responses=_problems(
        *_BODY,
        problem_types.IDEMPOTENCY_KEY,
        problem_types.TOO_MANY_DRAFTS,
        problem_types.KEY_REUSED,
        problem_types.LIMIT_REACHED,
    ),
    summary="Begin a draft",
    response_description="The draft is stored. A repetition gets the same draft, as it is then.",
)
async def create_draft(
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    body: Annotated[DraftBody | None, Body()] = None,
) -> DraftResponse:
    """Begin a draft of a request, with any content or none. It is kept for 30 days after its last change, and its files as long
    as itself. You may have 20.
    """
    traceparent = traceparent_of(request.scope)
    draft = await services.drafts.create(session, key, (body or DraftBody()).content, traceparent)
    response.headers["Location"] = f"/v1/drafts/{draft.draft_id}"
    return _stored(draft, response)


@router.get(
    "",
    response_model=DraftsResponse,
    responses=_problems(),
    summary="List own drafts",
    response_description="Your drafts.",
)
async def list_drafts(request: Request, session: SignedIn, services: ServicesDep) -> Response:
    """Your drafts that are not filed yet, the last changed first."""
    drafts = await services.drafts.list(session)
    return etag_response(request, DraftsResponse(items=[DraftResponse.of(each) for each in drafts]), DEFAULT)


@router.get(
    "/{draft_id}",
    response_model=DraftResponse,
    responses=_problems(problem_types.NOT_FOUND),
    summary="Read a draft",
    response_description="The draft as it stands now. Its `ETag` is the version.",
)
async def get_draft(draft_id: PathId, request: Request, session: SignedIn, services: ServicesDep) -> Response:
    """One of your own drafts."""
    draft = await services.drafts.find(session, path_id(draft_id, "draft_id"))
    return etag_response(request, DraftResponse.of(draft), DEFAULT, etag=draft.etag)


@router.put(
    "/{draft_id}",
    response_model_exclude_none=True,
    responses=_problems(*_BODY, *_CHANGE, problem_types.VERSION_REQUIRED),
    summary="Change a draft",
    response_description="The draft is stored, under its next version.",
)
async def save_draft(
    draft_id: PathId,
    body: DraftBody,
    session: SignedIn,
    services: ServicesDep,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> DraftResponse:
    """Replace the whole content. A new life event or subject clears what no longer fits it. If the draft was changed elsewhere
    since you read it, nothing changes: read it again.
    """
    version, traceparent = _required(if_match), traceparent_of(request.scope)
    saved = await services.drafts.save(session, path_id(draft_id, "draft_id"), version, body.content, traceparent)
    return _stored(saved, response)


@router.delete(
    "/{draft_id}",
    status_code=204,
    response_class=Response,
    responses=_problems(*_CHANGE),
    summary="Delete a draft",
    response_description="The draft is deleted.",
)
async def delete_draft(
    draft_id: PathId, session: SignedIn, services: ServicesDep, response: Response, if_match: IfMatch = None
) -> None:
    """Delete a draft that is not filed. Without `If-Match`, whatever its version is."""
    version = None if if_match is None else _version(if_match)
    await services.drafts.delete(session, path_id(draft_id, "draft_id"), version)
    response.headers["Cache-Control"] = "no-store"


@router.post(
    "/{draft_id}/submission",
    status_code=201,
    responses=_problems(
        problem_types.NOT_FOUND,
        problem_types.DRAFT_CHANGED,
        problem_types.VERSION_REQUIRED,
        problem_types.LIMIT_REACHED,
        problem_types.DRAFT_NOT_CONFIRMED,
    ),
    summary="File a draft",
    response_description="The request is stored, and this is its reference. A repetition gets the same answer.",
)
async def submit_draft(
    draft_id: PathId,
    session: SignedIn,
    services: ServicesDep,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> SubmissionResponse:
    """File the draft as a request, as `POST /v1/requests` does. It becomes one request, however often and from wherever this is
    sent. 503 means *not confirmed*: send it again, with the same version; until then the draft cannot be changed.
    """
    version, language = _required(if_match), named(request.headers.get("accept-language"))
    traceparent = traceparent_of(request.scope)
    receipt = await services.drafts.submit(session, path_id(draft_id, "draft_id"), version, language, traceparent)
    response.headers["Location"] = f"/v1/requests/{receipt.reference}"
    response.headers["Cache-Control"] = "no-store"
    return submission_response(receipt, services.submissions.receipt_secret)


def _stored(draft: Draft, response: Response) -> DraftResponse:
    response.headers["ETag"] = draft.etag
    response.headers["Cache-Control"] = "no-store"
    return DraftResponse.of(draft)


def _required(if_match: str | None) -> int:
    """Raises the problem `version-required`, without which a change could undo one that was made elsewhere."""
    if if_match is None:
        raise Problem(problem_types.VERSION_REQUIRED, FieldError("required", parameter="If-Match"))
    return _version(if_match)


def _version(if_match: str) -> int:
    found = _VERSION.fullmatch(if_match.strip())
    return int(found[1]) if found else NO_VERSION
