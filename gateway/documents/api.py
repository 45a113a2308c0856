"""`/v1/documents`: send a file, see what became of it."""

import asyncio
from functools import partial
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Message

from gateway.documents.domain import MAX_BYTES, MEDIA_TYPES, document_id_of, name_of
from gateway.documents.remote import LOOKS, UPLOADS, DocumentShown, Upload
from gateway.limits import InFlight, Shares
from gateway.openapi import BEARER, IDEMPOTENCY_KEY, header
from gateway.requests.domain import require_key
from gateway.wired import SignedIn, wired
from services.common.web import kinds
from services.common.web.answers import readable
from services.common.web.bodies import content_type, not_accepted, pieces, require_length, require_plain, too_slow
from services.common.web.edge import traceparent_of
from services.common.web.field_errors import FieldError
from services.common.web.heads import header_of
from services.common.web.languages import DEFAULT
from services.common.web.problems import Problem, responses

router = APIRouter(prefix="/v1/documents", tags=["documents"])

PIECE_WITHIN: Final = 30.0
"""Seconds until the next piece of a file must have come."""

SHARE: Final = 4
"""Files that one account may send at once: each may take its time, and holds a place that others want."""

in_flight: Final = InFlight("uploads", UPLOADS)
_shares: Final = Shares("uploads-of-one-account", SHARE)
_looks: Final = InFlight("files", LOOKS)

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES},
    }
}
_DISPOSITION: Final = header(
    "Content-Disposition", 'The file\'s name: `attachment; filename="..."`, in UTF-8, or `filename*` (RFC 6266).'
)
_REFUSALS: Final[Any] = responses(
    kinds.IDEMPOTENCY_KEY,
    kinds.NO_SESSION,
    kinds.TOO_SLOW,
    kinds.TOO_LARGE,
    kinds.MEDIA_TYPE,
    kinds.INVALID,
    kinds.KEY_REUSED,
    kinds.TOO_MANY_AT_ONCE,
    kinds.BUSY,
    kinds.UNAVAILABLE,
)


@router.post(
    "",
    status_code=201,
    response_model=DocumentShown,
    responses=_REFUSALS,
    openapi_extra={**_BODY, **BEARER, "parameters": [IDEMPOTENCY_KEY, _DISPOSITION]},
    summary="Send a file",
)
async def send(request: Request) -> Response:
    """Send a PDF, PNG or JPEG of at most 25 MiB as the raw body. Its id is named when the request is filed."""
    here = wired(request)
    session = await here.sessions.of(request)
    key = require_key(header_of(request.scope, b"idempotency-key"))
    media_type = content_type(request)
    if media_type not in MEDIA_TYPES:
        raise not_accepted(*MEDIA_TYPES)
    require_plain(request)
    require_length(request, MAX_BYTES)
    upload = Upload(
        document_id=document_id_of(here.settings.id_secret, session, key),
        owner=session.account_id,
        name=name_of(request.headers.get("content-disposition", ""), media_type),
        media_type=media_type,
        length=request.headers.get("content-length"),
        traceparent=traceparent_of(request.scope),
    )
    with _shares.of(session.account_id), in_flight:
        shown = await here.documents.put(upload, pieces(partial(_in_time, request), MAX_BYTES))
    headers = {"Location": f"/v1/documents/{shown.document_id}", "Cache-Control": "no-store"}
    return Response(shown.model_dump_json(), 201, headers, "application/json")


@router.get(
    "/{document_id}",
    response_model=DocumentShown,
    responses=responses(kinds.NO_SESSION, kinds.NOT_FOUND, kinds.BUSY, kinds.UNAVAILABLE),
    summary="See a file's state",
)
async def show(request: Request, document_id: str, session: SignedIn) -> Response:
    """What is known of one of your own files."""
    try:
        identifier = UUID(document_id)
    except ValueError:
        raise Problem(kinds.NOT_FOUND, FieldError("not_uuid", parameter="document_id")) from None
    with _looks:
        shown = await wired(request).documents.get(identifier, session.account_id, traceparent_of(request.scope))
    return readable(request, shown, DEFAULT)


async def _in_time(request: Request) -> Message:
    """The next piece of the body, never waited for for ever."""
    try:
        async with asyncio.timeout(PIECE_WITHIN):
            return await request.receive()
    except TimeoutError:
        raise too_slow() from None
