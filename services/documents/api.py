"""The internal HTTP API, which the gateway calls with a signature. Bytes are streamed, never buffered whole."""

from dataclasses import dataclass
from typing import Annotated, Final, cast
from urllib.parse import unquote_to_bytes
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from services.common.contracts.internal import ClaimRefused, ClaimRequest, ClaimResponse, DocumentResponse, Refusal
from services.common.contracts.limits import MAX_FILE_BYTES, UNCLAIMED_SECONDS
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.internal_auth import require_signature, require_signature_without_body, signed_stream
from services.common.http.problems import Problem
from services.common.http.strict_json import StrictJsonRoute, require_plain
from services.documents import domain
from services.documents.content import Empty, TooLarge, WrongType
from services.documents.domain import AnotherFile, Content, File, NotClaimable
from services.documents.store import Files, now
from services.documents.uploads import Busy, QuotaReached, TooSlow, Upload, Uploads

router = APIRouter(prefix="/internal", route_class=StrictJsonRoute)

RETRY_AFTER: Final = 2
"""Seconds after which a caller may retry."""


@dataclass(frozen=True, slots=True)
class Services:
    """`app.state.services`."""

    files: Files
    uploads: Uploads


async def get_services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]
Owner = Annotated[UUID, Header(alias="Postigo-Owner")]
QuotedName = Annotated[str, Header(alias="Postigo-Name")]
Quota = Annotated[int | None, Header(alias="Postigo-Quota", ge=0)]


@router.put("/documents/{document_id}")
async def upload_document(
    document_id: UUID,
    owner: Owner,
    services: ServicesDep,
    request: Request,
    response: Response,
    name: QuotedName = "",
    quota: Quota = None,
) -> DocumentResponse:
    """201 with the new file; 200 if it already exists; 408, 409, 413, 415, 422, 429 or 503 with a problem."""
    content = signed_stream(request, MAX_FILE_BYTES)
    require_plain(request)
    upload = Upload(document_id, owner, _unquoted(name), quota)
    try:
        file, created = await services.uploads.receive(upload, content)
    except _REJECTIONS as rejection:
        raise _problem(rejection) from None
    response.status_code = 201 if created else 200
    return _document(document_id, file)


@router.get("/documents/{document_id}", dependencies=[Depends(require_signature_without_body)])
async def get_document(document_id: UUID, owner: Owner, services: ServicesDep) -> DocumentResponse:
    """200 with the file; 404 if it is unknown, expired, or of another owner."""
    file = await services.files.find(document_id)
    if file is None or not domain.visible(file, owner):
        raise Problem(problem_types.NOT_FOUND)
    return _document(document_id, file)


@router.get("/uploads", status_code=204, dependencies=[Depends(require_signature_without_body)])
async def check_uploads(services: ServicesDep) -> None:
    """204 if the store and the object store answer; 503 otherwise."""
    await services.uploads.check()


@router.post(
    "/claims",
    response_model=ClaimResponse,
    responses={422: {"model": ClaimRefused}},
    dependencies=[Depends(require_signature)],
)
async def claim_documents(claim: ClaimRequest, services: ServicesDep) -> ClaimResponse | Response:
    """200 with the files, all claimed. 422 if any cannot be claimed: then none is, and the body has a code for each."""
    moment = now()
    try:
        files = await services.files.change(
            claim.documents, lambda files: domain.claim(files, claim.request_id, claim.owner, moment)
        )
    except NotClaimable as error:
        body = ClaimRefused(refused=tuple(Refusal(document=each, code=code) for each, code in error.codes.items()))
        return Response(body.model_dump_json(), 422, media_type="application/json")
    return ClaimResponse(documents=tuple(_document(each, files[each]) for each in claim.documents))


_REJECTIONS: Final = (TooLarge, WrongType, Empty, AnotherFile, QuotaReached, TooSlow, Busy)
_PROBLEM_TYPES: Final = {
    TooLarge: problem_types.TOO_LARGE,
    WrongType: problem_types.MEDIA_TYPE,
    Empty: problem_types.INVALID,
    AnotherFile: problem_types.OTHER_BYTES,
    QuotaReached: problem_types.STORAGE_FULL,
    TooSlow: problem_types.TOO_SLOW,
    Busy: problem_types.BUSY,
}


def _problem(rejection: Exception) -> Problem:
    errors = [FieldError("empty", pointer="")] if isinstance(rejection, Empty) else []
    retry_after = {Busy: RETRY_AFTER, QuotaReached: UNCLAIMED_SECONDS}.get(type(rejection))
    return Problem(_PROBLEM_TYPES[type(rejection)], *errors, retry_after=retry_after)


def _unquoted(name: str) -> str:
    """Decode the file name, which the header carries as percent-encoded UTF-8."""
    try:
        return unquote_to_bytes(name).decode()
    except UnicodeDecodeError:
        raise Problem(problem_types.INVALID, FieldError("format", parameter="Postigo-Name")) from None


def _document(document_id: UUID, file: File) -> DocumentResponse:
    content = file.content
    assert isinstance(content, Content)
    return DocumentResponse(
        document_id=document_id,
        name=content.name,
        media_type=content.media_type,
        size=content.size,
        sha256=content.sha256,
        state=file.state,
    )
