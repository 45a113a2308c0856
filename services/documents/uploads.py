"""Receives uploads: the bytes stream from the request to the bucket and are never buffered whole.

Each attempt has its own object key, the document id and a random part, so that concurrent uploads of one file cannot
overwrite each other. After the bytes are stored, the compare-and-set of the document decides which one becomes the file.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.common.contracts.limits import MAX_UPLOAD_SECONDS, MEDIA_TYPES
from services.common.domain.errors import Unavailable
from services.common.runtime.coalescing import Coalescer
from services.common.text.file_names import file_name
from services.documents import domain
from services.documents.content import Inspection
from services.documents.domain import AnotherFile, Content, File
from services.documents.objects import Bucket, ObjectWriter
from services.documents.store import Files, now

log = structlog.get_logger()

MOST_CHECKS: Final = 1_000
"""Checks that are answered together."""

_NO_DOCUMENT: Final = UUID(int=0)


class Busy(Exception):
    """The limit of concurrent uploads, which bounds memory, is reached."""


class TooSlow(Exception):
    """The upload took longer than `MAX_UPLOAD_SECONDS`."""


class QuotaReached(Exception):
    """The files that are stored for the owner have reached the quota."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The caller's description of an upload. Its media type is not a part of it: the bytes decide.

    `quota`: the bytes that may be stored for the owner; None for no limit.
    """

    document_id: UUID
    owner: UUID
    name: str
    quota: int | None = None


class Body(Protocol):
    """The chunks of a file. `sha256` is that of all of them, known after the last one, in hexadecimal."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def sha256(self) -> str: ...


class Uploads:
    """Receives at most `limit` uploads concurrently."""

    def __init__(self, files: Files, bucket: Bucket, limit: int) -> None:
        self._files = files
        self._bucket = bucket
        self._free = limit
        # However many callers check: one thread of the bucket at a time.
        self._checks = Coalescer(self._check, MOST_CHECKS)

    async def check(self) -> None:
        """Raises `Unavailable` if the store or the object store does not answer."""
        await self._checks.ask(None)

    async def _check(self, asked: Sequence[None]) -> Sequence[None]:
        await asyncio.gather(self._files.find(_NO_DOCUMENT), self._bucket.check())
        return asked

    async def receive(self, upload: Upload, body: Body) -> tuple[File, bool]:
        """The file, and whether this upload created it (False if it already existed).

        Raises `Unacceptable` for the bytes, `AnotherFile` for the id, `QuotaReached`, `Busy`, `TooSlow`, `Unavailable`, or
        an exception of `body`. After an error the bytes sent so far are removed, at once or by `cleaning`. Only after
        `Unavailable` or `TooSlow` the file may exist nevertheless; then a retry with the same bytes finds it.
        """
        if not self._free:
            raise Busy
        self._free -= 1
        try:
            async with asyncio.timeout(MAX_UPLOAD_SECONDS):
                return await self._receive(upload, body)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._free += 1

    async def _receive(self, upload: Upload, body: Body) -> tuple[File, bool]:
        inspection = Inspection(body)
        await inspection.begin()
        current = await self._files.find(upload.document_id)
        if current is not None and current.content is not None:
            return await self._compare(current, upload, inspection, body), False
        if current is not None and current.owner not in (None, upload.owner):
            raise AnotherFile
        # Concurrent uploads of one owner may exceed the quota together, by as many files as they are.
        if upload.quota is not None and await self._files.bytes_of(upload.owner) >= upload.quota:
            raise QuotaReached
        return await self._store(upload, inspection, body)

    async def _compare(self, current: File, upload: Upload, inspection: Inspection, body: Body) -> File:
        """An upload for an existing file is only hashed and compared, not stored."""
        if current.owner != upload.owner:
            raise AnotherFile
        async for _ in inspection.content():
            pass
        return domain.same_file(current, upload.owner, body.sha256)

    async def _store(self, upload: Upload, inspection: Inspection, body: Body) -> tuple[File, bool]:
        key = await self._files.start_upload(upload.document_id)
        content = await self._send(key, upload, inspection, body)
        document_id = upload.document_id
        try:
            # A save that raises `Unavailable` may have succeeded, so the bytes stay. `cleaning` decides later.
            stored = await self._files.change(
                [document_id], lambda files: {document_id: domain.store(files[document_id], upload.owner, content)}
            )
        except AnotherFile:
            await self._remove(key)
            raise
        file = stored[document_id]
        if domain.holds(file, key):
            await self._end(key)
            return file, True
        await self._remove(key)
        return file, False

    async def _send(self, key: str, upload: Upload, inspection: Inspection, body: Body) -> Content:
        writer = self._bucket.writing(key, inspection.media_type)
        try:
            async for chunk in inspection.content():
                await writer.write(chunk)
            await writer.finish()
        except BaseException:
            await self._abort(key, writer)
            raise
        return Content(
            name=file_name(upload.name, MEDIA_TYPES[inspection.media_type]),
            media_type=inspection.media_type,
            size=inspection.size,
            sha256=body.sha256,
            object_key=key,
            stored_at=now(),
        )

    async def _abort(self, key: str, writer: ObjectWriter) -> None:
        try:
            await writer.abort()
            await self._files.end_upload(key)
        except Unavailable as error:
            log.warning("an aborted upload is left to cleaning", because=str(error))

    async def _remove(self, key: str) -> None:
        try:
            await self._bucket.remove(key)
            await self._files.end_upload(key)
        except Unavailable as error:
            log.warning("a superseded upload is left to cleaning", because=str(error))

    async def _end(self, key: str) -> None:
        try:
            await self._files.end_upload(key)
        except Unavailable as error:
            log.warning("an ended upload is left to cleaning", because=str(error))
