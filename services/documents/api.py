"""The internal HTTP edge: what the gateway asks, signed. Bytes are streamed, never held whole."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.common.web import kinds
from services.common.web.bodies import content_type, require_length, require_plain
from services.common.web.claims import ClaimAsked, ClaimRefused, Refusal
from services.common.web.field_errors import FieldError
from services.common.web.ours import read_ours, require_ours
from services.common.web.problems import Problem
from services.documents import domain
from services.documents.content import MAX_SIZE, Empty, TooLarge, WrongType
from services.documents.domain import AnotherFile, Content, File, NotClaimable
from services.documents.store import Files, now
from services.documents.uploads import Busy, TooSlow, Upload, Uploads

COME_BACK: Final = 2
"""Seconds after which a caller may try again."""


class Api:
    """One method for each operation; each verifies its caller first."""

    def __init__(self, files: Files, uploads: Uploads, secret: bytes) -> None:
        self._files = files
        self._uploads = uploads
        self._secret = secret

    def install(self, app: FastAPI) -> None:
        document = "/internal/documents/{document_id:uuid}"
        app.add_route(document, self.upload, methods=["PUT"])
        app.add_route(document, self.read, methods=["GET"])
        app.add_route("/internal/claims", self.claim, methods=["POST"])

    async def upload(self, request: Request) -> Response:
        """201 with the file; 200 when it was already there; 409, 413, 415, 422, 503."""
        require_ours(request, self._secret)
        require_plain(request)
        require_length(request, MAX_SIZE)
        upload = Upload(request.path_params["document_id"], _owner(request), _name(request), content_type(request))
        try:
            file, made = await self._uploads.receive(upload, _chunks(request))
        except _REFUSALS as refusal:
            raise _problem(refusal) from None
        return JSONResponse(_body(upload.document_id, file), 201 if made else 200)

    async def read(self, request: Request) -> Response:
        """200 with the file; 404 when it is unknown, gone, or somebody else's."""
        require_ours(request, self._secret)
        document_id = request.path_params["document_id"]
        owner = _owner(request)
        file = await self._files.find(document_id)
        if file is None or not domain.visible(file, owner):
            raise Problem(kinds.NOT_FOUND)
        return JSONResponse(_body(document_id, file))

    async def claim(self, request: Request) -> Response:
        """200 with the files, all claimed; 422 with a code for each that cannot be, and none is."""
        asked = await read_ours(request, self._secret, ClaimAsked)
        moment = now()
        try:
            files = await self._files.change(
                asked.documents, lambda files: domain.claim(files, asked.request_id, asked.owner, moment)
            )
        except NotClaimable as refused:
            because = ClaimRefused(
                refused=tuple(Refusal(document=each, code=code) for each, code in refused.codes.items())
            )
            return Response(because.model_dump_json(), 422, media_type="application/json")
        return JSONResponse({"documents": [_body(each, files[each]) for each in asked.documents]})


_REFUSALS: Final = (TooLarge, WrongType, Empty, AnotherFile, TooSlow, Busy)
_KINDS: Final = {
    TooLarge: kinds.TOO_LARGE,
    WrongType: kinds.MEDIA_TYPE,
    Empty: kinds.INVALID,
    AnotherFile: kinds.OTHER_BYTES,
    TooSlow: kinds.TOO_SLOW,
    Busy: kinds.BUSY,
}


def _problem(refusal: Exception) -> Problem:
    errors = [FieldError("empty", pointer="")] if isinstance(refusal, Empty) else []
    return Problem(_KINDS[type(refusal)], *errors, retry_after=COME_BACK if isinstance(refusal, Busy) else None)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises `ClientDisconnect` when it ends early."""
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _owner(request: Request) -> UUID:
    try:
        return UUID(request.headers.get("postigo-owner", ""))
    except ValueError:
        raise Problem(kinds.INVALID, FieldError("not_uuid", parameter="Postigo-Owner")) from None


def _name(request: Request) -> str:
    """The file name, percent-encoded UTF-8 in its header."""
    try:
        return unquote_to_bytes(request.headers.get("postigo-name", "")).decode()
    except UnicodeDecodeError:
        raise Problem(kinds.INVALID, FieldError("format", parameter="Postigo-Name")) from None


def _body(document_id: UUID, file: File) -> dict[str, Any]:
    content = file.content
    assert isinstance(content, Content)
    return {
        "document_id": str(document_id),
        "name": content.name,
        "media_type": content.media_type,
        "size": content.size,
        "sha256": content.sha256,
        "state": file.state,
    }
