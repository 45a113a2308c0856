"""Client of the documents service: signed calls, each with a time limit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn
from urllib.parse import quote
from uuid import UUID

import httpx2
import structlog
from pydantic import ValidationError

from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from services.common.contracts.internal import ClaimRefused, ClaimRequest, ClaimResponse, DocumentResponse
from services.common.contracts.limits import MAX_FILE_BYTES, MAX_UPLOAD_SECONDS, MEDIA_TYPES, UNCLAIMED_SECONDS
from services.common.http import problem_types, signing
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem, ProblemDocument, too_large
from services.common.http.signing import SignatureRefused
from services.common.http.strict_json import not_accepted
from services.common.telemetry import security

log = structlog.get_logger()

CALL_TIMEOUT: Final = 2.0
"""Seconds for a whole call without a file."""

KEEPALIVE: Final = 1.0
"""Seconds that an idle connection is reused. Less than the service's shutdown delay (`HTTP_DRAIN`): it closes idle
connections after that delay, and a call that is sent just then would fail.
"""

ANSWER_WITHIN: Final = 10.0
"""Seconds for the service to accept each chunk of a file, and to answer after the last one."""

READS: Final = 64
"""Concurrent reads of a file's state."""

READS_OF_ONE_ACCOUNT: Final = 16

_REFUSALS: Final[dict[int, Callable[[], Problem]]] = {
    408: partial(Problem, problem_types.TOO_SLOW),
    409: partial(Problem, problem_types.KEY_REUSED),
    413: partial(too_large, MAX_FILE_BYTES),
    415: partial(not_accepted, *MEDIA_TYPES, content=True),
    429: partial(Problem, problem_types.STORAGE_FULL, retry_after=UNCLAIMED_SECONDS),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """What the client said about a file; not its type, which its bytes decide. `length` in bytes, if it is known.

    `quota`: the bytes that may be stored for the owner.
    """

    document_id: UUID
    owner: UUID
    name: str
    length: str | None
    quota: int
    traceparent: str | None


class DocumentsClient:
    def __init__(self, url: str, secret: bytes, *, answer_within: float = ANSWER_WITHIN) -> None:
        self._secret = secret
        self._upload_within = MAX_UPLOAD_SECONDS + answer_within
        limits = httpx2.Limits(max_connections=256, max_keepalive_connections=32, keepalive_expiry=KEEPALIVE)
        self._reads = ConcurrencyLimit("files", READS)
        self._own_reads = KeyedLimit("files-of-one-account", READS_OF_ONE_ACCOUNT)
        timeout = httpx2.Timeout(answer_within, connect=2, pool=2)
        # `trust_env=False`: internal calls never go through a proxy that the environment names.
        self._http = httpx2.AsyncClient(base_url=url, trust_env=False, limits=limits, timeout=timeout)

    async def close(self) -> None:
        await self._http.aclose()

    async def put(self, upload: Upload, body: AsyncIterator[bytes]) -> tuple[DocumentResponse, bool]:
        """Upload a file. Returns it, and whether it is new: a repetition returns the file that is stored.
        Each chunk of `body` is read after the previous one was sent. Raises a `Problem`.
        """
        headers = {
            "Postigo-Owner": str(upload.owner),
            "Postigo-Name": quote(upload.name),
            "Postigo-Quota": str(upload.quota),
            "Content-Type": "application/octet-stream",
        }
        if upload.length is not None:
            headers["Content-Length"] = str(int(upload.length) + signing.TRAILER_BYTES)
        response = await self._call(
            "PUT",
            f"/internal/documents/{upload.document_id}",
            self._upload_within,
            headers,
            body,
            upload.traceparent,
        )
        if response.status_code not in {200, 201}:
            if response.status_code == 429:
                security.report("limit-reached", "storage", account=upload.owner)
            if _codes(response) == {"empty"}:
                raise Problem(problem_types.INVALID, FieldError("empty"))
            _refuse(response)
        return DocumentResponse.model_validate_json(response.content), response.status_code == 201

    async def get(self, document_id: UUID, owner: UUID, traceparent: str | None) -> DocumentResponse:
        """One of the owner's files. Raises a `Problem`: `not-found` also for a file of another owner."""
        target = f"/internal/documents/{document_id}"
        headers = {"Postigo-Owner": str(owner)}
        with self._own_reads.acquire(owner), self._reads:
            response = await self._call("GET", target, CALL_TIMEOUT, headers, b"", traceparent)
        if response.status_code == 404:
            raise Problem(problem_types.NOT_FOUND, FieldError("unknown_document", parameter="document_id"))
        if response.status_code != 200:
            _refuse(response)
        return DocumentResponse.model_validate_json(response.content)

    async def check(self) -> None:
        """Check that files can be uploaded. Raises a `Problem`."""
        response = await self._call("GET", "/internal/uploads", CALL_TIMEOUT, {}, b"", None)
        if response.status_code != 204:
            _refuse(response)

    async def claim(
        self, request_id: UUID, owner: UUID, documents: Mapping[UUID, str], traceparent: str | None
    ) -> tuple[DocumentResponse, ...]:
        """Attach the files to the request. `documents` has the pointer to each in the body. Raises a `Problem` that names each
        file that cannot be attached.
        """
        claim = ClaimRequest.model_construct(request_id=request_id, owner=owner, documents=tuple(documents))
        body = claim.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        response = await self._call("POST", "/internal/claims", CALL_TIMEOUT, headers, body, traceparent)
        if errors := _unclaimable(response, documents):
            raise Problem(problem_types.INVALID, *errors)
        if response.status_code != 200:
            _refuse(response)
        return ClaimResponse.model_validate_json(response.content).documents

    async def _call(
        self,
        method: str,
        target: str,
        within: float,
        headers: dict[str, str],
        body: bytes | AsyncIterator[bytes],
        traceparent: str | None,
    ) -> httpx2.Response:
        signature, signed_body = self._sign(method, target, headers, body)
        traced = {"traceparent": traceparent} if traceparent else {}
        try:
            # A limit for the whole call: the client's own timeouts apply to each step, and an upload has many steps.
            async with asyncio.timeout(within):
                response = await self._send(method, target, {**headers, **signature, **traced}, signed_body)
            signing.verify_response(self._secret, signature, response.status_code, response.headers, response.content)
        except (httpx2.HTTPError, TimeoutError, SignatureRefused) as error:
            log.warning("documents service unavailable", because=type(error).__name__)
            raise Problem(problem_types.UNAVAILABLE, retry_after=2) from None
        return response

    async def _send(
        self, method: str, target: str, headers: dict[str, str], body: bytes | AsyncIterator[bytes]
    ) -> httpx2.Response:
        """Send the call. After a broken connection a call without a file is sent once more, because calls are idempotent:
        another replica may answer.
        """
        try:
            return await self._http.request(method, target, headers=headers, content=body)
        except (httpx2.NetworkError, httpx2.RemoteProtocolError):
            if not isinstance(body, bytes):
                raise
            return await self._http.request(method, target, headers=headers, content=body)

    def _sign(
        self, method: str, target: str, headers: dict[str, str], body: bytes | AsyncIterator[bytes]
    ) -> tuple[dict[str, str], bytes | AsyncIterator[bytes]]:
        """The headers of the signature, and the body as it is sent."""
        if isinstance(body, bytes):
            return signing.sign(self._secret, method, target, body=body, about=headers), body
        return signing.sign_stream(self._secret, method, target, body=body, about=headers)


def _unclaimable(response: httpx2.Response, documents: Mapping[UUID, str]) -> list[FieldError]:
    """The errors that the person can correct. Empty if the response does not refuse a claim."""
    try:
        refused = ClaimRefused.model_validate_json(response.content).refused
    except ValidationError:
        return []
    codes = {each.document: each.code for each in refused}
    return [
        FieldError(f"{codes[document]}_document", pointer)
        for document, pointer in documents.items()
        if document in codes
    ]


def _codes(response: httpx2.Response) -> set[str]:
    """The codes of the field errors in the response."""
    try:
        return {error.code for error in ProblemDocument.model_validate_json(response.content).errors}
    except ValidationError:
        return set()


def _refuse(response: httpx2.Response) -> NoReturn:
    """Raise the refusal that the person can correct. Every other status is our error: `unavailable`."""
    refusal = _REFUSALS.get(response.status_code)
    if refusal is None:
        log.error("documents service failed", status=response.status_code)
        raise Problem(problem_types.UNAVAILABLE, retry_after=2)
    raise refusal()
