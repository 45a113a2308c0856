"""Taking in an upload: the bytes go from the request to the bucket without being held whole.

The object key is the document id and something drawn for this attempt alone, so that no second upload can touch the
bytes of a first; which of the two becomes the file is decided by the save of its document, after the bytes are there.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterable
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.common.contracts.limits import MAX_UPLOAD_SECONDS
from services.common.domain.errors import Unavailable
from services.common.text import clean_file_name
from services.documents import domain
from services.documents.content import Inspection
from services.documents.domain import AnotherFile, Content, File
from services.documents.objects import Bucket, ObjectWriter
from services.documents.store import Files, now

log = structlog.get_logger()


class Busy(Exception):
    """As many uploads as memory was set aside for are going on."""


class TooSlow(Exception):
    """The bytes did not arrive in time."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What the caller says of the bytes that follow. `declared` is a media type without parameters."""

    document_id: UUID
    owner: UUID
    name: str
    declared: str


class Uploads:
    def __init__(self, files: Files, bucket: Bucket, at_once: int) -> None:
        self._files = files
        self._bucket = bucket
        self._free = at_once

    async def receive(self, upload: Upload, chunks: AsyncIterable[bytes]) -> tuple[File, bool]:
        """The file, and whether this upload made it (or found it already there).

        Raises `Unacceptable` for the bytes, `AnotherFile` for the id, `Busy`, `TooSlow`, `Unavailable`, and whatever `chunks`
        raises. Then what had been sent to the bucket is removed, at once or soon; only after `Unavailable` or `TooSlow` the
        file may be there all the same, and the same bytes sent again find it.
        """
        if not self._free:
            raise Busy
        self._free -= 1
        try:
            async with asyncio.timeout(MAX_UPLOAD_SECONDS):
                return await self._receive(upload, chunks)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._free += 1

    async def _receive(self, upload: Upload, chunks: AsyncIterable[bytes]) -> tuple[File, bool]:
        inspection = Inspection(upload.declared)
        current = await self._files.find(upload.document_id)
        if current is not None and current.content is not None:
            return await self._compare(current, upload, inspection, chunks), False
        if current is not None and current.owner not in (None, upload.owner):
            raise AnotherFile
        return await self._keep(upload, inspection, chunks)

    async def _compare(
        self, current: File, upload: Upload, inspection: Inspection, chunks: AsyncIterable[bytes]
    ) -> File:
        """Bytes for an id that has some already are only hashed."""
        if current.owner != upload.owner:
            raise AnotherFile
        digest = hashlib.sha256()
        async for chunk in chunks:
            inspection.take(chunk)
            digest.update(chunk)
        inspection.end()
        return domain.same_again(current, upload.owner, digest.hexdigest())

    async def _keep(self, upload: Upload, inspection: Inspection, chunks: AsyncIterable[bytes]) -> tuple[File, bool]:
        key = await self._files.begin_upload(upload.document_id)
        content = await self._send(key, upload, inspection, chunks)
        document_id = upload.document_id
        try:
            # A save that fails as `Unavailable` may have landed: then the bytes stay until `cleaning` knows.
            stored = await self._files.change(
                [document_id], lambda files: {document_id: domain.store(files[document_id], upload.owner, content)}
            )
        except AnotherFile:
            await self._drop(key)
            raise
        file = stored[document_id]
        if domain.holds(file, key):
            await self._note_end(key)
            return file, True
        await self._drop(key)
        return file, False

    async def _send(self, key: str, upload: Upload, inspection: Inspection, chunks: AsyncIterable[bytes]) -> Content:
        writer = self._bucket.writing(key, upload.declared)
        try:
            async for chunk in chunks:
                inspection.take(chunk)
                await writer.write(chunk)
            inspection.end()
            sha256 = await writer.finish()
        except BaseException:
            await self._abort(key, writer)
            raise
        return Content(
            name=clean_file_name(upload.name, upload.declared),
            media_type=upload.declared,
            size=inspection.size,
            sha256=sha256,
            object_key=key,
            stored_at=now(),
        )

    async def _abort(self, key: str, writer: ObjectWriter) -> None:
        try:
            await writer.abort()
            await self._files.end_upload(key)
        except Unavailable as away:
            log.warning("an aborted upload is left to cleaning", because=str(away))

    async def _drop(self, key: str) -> None:
        try:
            await self._bucket.remove(key)
            await self._files.end_upload(key)
        except Unavailable as away:
            log.warning("a superseded upload is left to cleaning", because=str(away))

    async def _note_end(self, key: str) -> None:
        try:
            await self._files.end_upload(key)
        except Unavailable as away:
            log.warning("an ended upload is left to cleaning", because=str(away))
