"""`/v1/documents`: upload a file, read its state."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response

from gateway.dependencies import IdempotencyKey, ServicesDep, SignedIn
from gateway.documents.domain import name_of
from gateway.documents.form import FORM, FORM_OVERHEAD, FileForm
from gateway.documents.limits import TimedBody
from gateway.documents.uploads import IncomingFile, OpenedFile
from gateway.path_ids import PathId, path_id
from services.common.contracts.internal import DocumentResponse
from services.common.contracts.limits import MAX_FILE_BYTES, MEDIA_TYPES
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.languages import DEFAULT
from services.common.http.middleware import traceparent_of
from services.common.http.problems import problem_responses
from services.common.http.query_parameters import StrictQueryRoute
from services.common.http.strict_json import body_chunks, content_type, limited_receive, require_plain

router = APIRouter(prefix="/v1/documents", tags=["documents"], route_class=StrictQueryRoute)

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            media_type: {
                "schema": {"type": "string", "format": "binary"},
                "examples": {
                    "file": {"summary": f"The bytes of a {ending} file", "value": f"curl --data-binary @file{ending}"}
                },
            }
            for media_type, (ending, *_) in MEDIA_TYPES.items()
        }
        | {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                },
                "examples": {"file": {"summary": "A form with one file", "value": "curl -F file=@declaracao.pdf"}},
            }
        },
    }
}
_UPLOAD_PROBLEMS: Final[Any] = problem_responses(
    problem_types.IDEMPOTENCY_KEY,
    problem_types.NO_SESSION,
    problem_types.TOO_SLOW,
    problem_types.TOO_LARGE,
    problem_types.MEDIA_TYPE,
    problem_types.INVALID,
    problem_types.KEY_REUSED,
    problem_types.LIMIT_REACHED,
    problem_types.STORAGE_FULL,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_READ_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.NOT_FOUND,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)

ContentDisposition = Annotated[
    str,
    Header(
        alias="Content-Disposition",
        description='The file name: `attachment; filename="..."` in UTF-8, or `filename*` (RFC 6266).',
        examples=['attachment; filename="declaracao.pdf"'],
    ),
]


@router.post(
    "",
    status_code=201,
    responses=_UPLOAD_PROBLEMS,
    openapi_extra=_BODY,
    summary="Upload a file",
    response_description="The file is stored. A repetition gets the same answer.",
)
async def upload_document(
    session: SignedIn,
    key: IdempotencyKey,
    services: ServicesDep,
    request: Request,
    response: Response,
    disposition: ContentDisposition = "",
) -> DocumentResponse:
    """Upload a PDF, PNG or JPEG of at most 25 MB, as the raw body or in a form. Name its id when you file the request.

    The content decides the type, whatever media type it is sent with.
    """
    require_plain(request)
    body = TimedBody(limited_receive(request, MAX_FILE_BYTES, FORM_OVERHEAD if content_type(request) == FORM else 0))
    file = IncomingFile(key, partial(_open, request, body, disposition), lambda: body.received)
    document = await services.uploads.upload(session, file, traceparent_of(request.scope))
    response.headers["Location"] = f"/v1/documents/{document.document_id}"
    response.headers["Cache-Control"] = "no-store"
    return document


@router.get(
    "/{document_id}",
    response_model=DocumentResponse,
    responses=_READ_PROBLEMS,
    summary="See a file's state",
    response_description="The file and its state.",
)
async def get_document(
    document_id: PathId,
    request: Request,
    session: SignedIn,
    services: ServicesDep,
) -> Response:
    """The state of one of your own files."""
    found_id = path_id(document_id, "document_id")
    document = await services.documents.get(found_id, session.account_id, traceparent_of(request.scope))
    return etag_response(request, document, DEFAULT)


async def _open(request: Request, body: TimedBody, disposition: str) -> OpenedFile:
    chunks = body_chunks(body)
    if content_type(request) != FORM:
        return OpenedFile(name_of(disposition), request.headers.get("content-length"), chunks)
    form = FileForm(request.headers["content-type"], chunks)
    return OpenedFile(name_of(await form.begin()), None, form.content())
