"""The documents service, as the gateway asks it: signed calls, bounded in time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn
from urllib.parse import quote
from uuid import UUID

import httpx2
import structlog
from pydantic import ValidationError

from gateway.limits import ConcurrencyLimit
from services.common.contracts.internal import ClaimRefused, ClaimRequest, DocumentResponse
from services.common.contracts.limits import MAX_FILE_BYTES, MAX_UPLOAD_SECONDS, MEDIA_TYPES
from services.common.http import problem_types, signing
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, ProblemDocument, too_large
from services.common.http.strict_json import not_accepted

log = structlog.get_logger()

CLAIM_WITHIN: Final = 1.5
READ_WITHIN: Final = 2.0
"""Seconds that a call may take in all."""

ANSWER_WITHIN: Final = 10.0
"""Seconds that the service has to take a piece of a file, and to answer once it has the last one."""

UPLOADS: Final = 16
"""Uploads at once: as many as one documents process takes."""

LOOK_UPS: Final = 64
"""Look-ups of a file's state at once."""

_REFUSALS: Final[dict[int, Callable[[], Problem]]] = {
    408: partial(Problem, problem_types.TOO_SLOW),
    409: partial(Problem, problem_types.KEY_REUSED),
    413: partial(too_large, MAX_FILE_BYTES),
    415: partial(not_accepted, *MEDIA_TYPES, content=True),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way: whose, what it is called, what it says it is, and how long, if it says so."""

    document_id: UUID
    owner: UUID
    name: str
    media_type: str
    length: str | None
    traceparent: str | None


class DocumentsClient:
    def __init__(self, url: str, secret: bytes, *, answer_within: float = ANSWER_WITHIN) -> None:
        self._secret = secret
        self._upload_within = MAX_UPLOAD_SECONDS + answer_within
        limits = httpx2.Limits(max_connections=256, max_keepalive_connections=32)
        self.uploads = ConcurrencyLimit("uploads", UPLOADS)
        self._look_ups = ConcurrencyLimit("files", LOOK_UPS)
        timeout = httpx2.Timeout(answer_within, connect=2, pool=2)
        # No proxy of the environment may stand in an internal call.
        self._http = httpx2.AsyncClient(base_url=url, trust_env=False, limits=limits, timeout=timeout)

    async def close(self) -> None:
        await self._http.aclose()

    async def put(self, upload: Upload, body: AsyncIterator[bytes]) -> DocumentResponse:
        """Stream a file through: the next piece is read when the last one has left. Raises a `Problem`."""
        headers = {
            "Postigo-Owner": str(upload.owner),
            "Postigo-Name": quote(upload.name),
            "Content-Type": upload.media_type,
        }
        if upload.length is not None:
            headers["Content-Length"] = upload.length
        answer = await self._call(
            "PUT",
            f"/internal/documents/{upload.document_id}",
            self._upload_within,
            headers,
            body,
            upload.traceparent,
        )
        if answer.status_code not in {200, 201}:
            if _codes(answer) == {"empty"}:
                raise Problem(problem_types.INVALID, FieldError("empty"))
            _refuse(answer)
        return DocumentResponse.model_validate_json(answer.content)

    async def get(self, document_id: UUID, owner: UUID, traceparent: str | None) -> DocumentResponse:
        """One of the owner's files. Raises a `Problem`: `not-found` for somebody else's too."""
        target = f"/internal/documents/{document_id}"
        headers = {"Postigo-Owner": str(owner)}
        with self._look_ups:
            answer = await self._call("GET", target, READ_WITHIN, headers, None, traceparent)
        if answer.status_code == 404:
            raise Problem(problem_types.NOT_FOUND, FieldError("unknown_document", parameter="document_id"))
        if answer.status_code != 200:
            _refuse(answer)
        return DocumentResponse.model_validate_json(answer.content)

    async def claim(self, request_id: UUID, owner: UUID, documents: Sequence[UUID], traceparent: str | None) -> None:
        """Bind the files to the request. Raises a `Problem` that points at each one that cannot be."""
        asked = ClaimRequest.model_construct(request_id=request_id, owner=owner, documents=tuple(documents))
        body = asked.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        answer = await self._call("POST", "/internal/claims", CLAIM_WITHIN, headers, body, traceparent)
        if found := _unclaimable(answer, documents):
            raise Problem(problem_types.INVALID, *found)
        if answer.status_code != 200:
            _refuse(answer)

    async def _call(
        self,
        method: str,
        target: str,
        within: float,
        headers: dict[str, str],
        body: Any,
        traceparent: str | None,
    ) -> httpx2.Response:
        signed_body = body if isinstance(body, bytes) else None
        signature = signing.sign(self._secret, method, target, body=signed_body, about=headers)
        traced = {"traceparent": traceparent} if traceparent else {}
        try:
            # In all: the client's own time-outs are for each step, and a body has many.
            async with asyncio.timeout(within):
                return await self._http.request(
                    method, target, headers={**headers, **signature, **traced}, content=body
                )
        except (httpx2.HTTPError, TimeoutError) as error:
            log.warning("documents service away", because=type(error).__name__)
            raise Problem(problem_types.UNAVAILABLE, retry_after=2) from None


def _unclaimable(answer: httpx2.Response, documents: Sequence[UUID]) -> list[FieldError]:
    """What the person can correct; empty when the answer is of another kind."""
    try:
        refused = ClaimRefused.model_validate_json(answer.content).refused
    except ValidationError:
        return []
    codes = {each.document: each.code for each in refused}
    return [
        FieldError(f"{codes[document]}_document", f"/documents/{place}")
        for place, document in enumerate(documents)
        if document in codes
    ]


def _codes(answer: httpx2.Response) -> set[str]:
    """The codes of the fields that are wrong; empty when the answer names none."""
    try:
        return {error.code for error in ProblemDocument.model_validate_json(answer.content).errors}
    except ValidationError:
        return set()


def _refuse(answer: httpx2.Response) -> NoReturn:
    """The same refusal in the gateway's name; whatever else went wrong there is no fault of the person's."""
    refusal = _REFUSALS.get(answer.status_code)
    if refusal is None:
        log.error("documents service failed", status=answer.status_code)
        raise Problem(problem_types.UNAVAILABLE, retry_after=2)
    raise refusal()
