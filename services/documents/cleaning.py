"""Removes unused objects from the bucket: those of expired files, and of uploads whose process died.

Only objects that the database names are removed, never objects found by listing the bucket: a service with the wrong
database must not delete the objects of another.
"""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from services.common.domain.errors import Unavailable
from services.documents import domain
from services.documents.objects import Bucket
from services.documents.store import Files

log = structlog.get_logger()

PERIOD: Final = 5.0
"""Seconds between two rounds."""

ABANDONED_AFTER: Final = timedelta(hours=1)
"""Age of a pending upload that counts as abandoned: six times the longest upload."""

LIMIT: Final = 100
"""Expired objects, and abandoned uploads, removed in one round."""


class Cleaning:
    """Every replica may run it: removing an object twice is harmless."""

    def __init__(self, files: Files, bucket: Bucket, abandoned_after: timedelta = ABANDONED_AFTER) -> None:
        self._files = files
        self._bucket = bucket
        self._abandoned_after = abandoned_after

    async def run(self) -> None:
        """Run a round every `PERIOD` seconds. An unavailable dependency ends only the current round."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except Unavailable as error:
                log.warning("cleaning skipped", because=str(error))
            except Exception as error:
                log.critical("cleaning failed", error=type(error).__name__)

    async def round(self) -> None:
        for document_id, object_key in await self._files.discarded(LIMIT):
            await self._remove(document_id, object_key)
            await self._files.forget(document_id, object_key)
        for upload in await self._files.pending_uploads(self._abandoned_after, LIMIT):
            await self._remove(upload.document_id, upload.object_key)
            await self._files.end_upload(upload.object_key)

    async def _remove(self, document_id: UUID, object_key: str) -> None:
        """Remove the object, unless it holds the current bytes of the file."""
        if not domain.holds(await self._files.find(document_id), object_key):
            await self._bucket.remove(object_key)
