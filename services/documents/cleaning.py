"""Removing bytes that no file holds: of expired files, and of uploads that ended with their process.

Only objects that the store names are touched, never what a listing of the bucket shows: a service that was given the
wrong database must not take the bytes of another for litter.
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

SURELY_ENDED: Final = timedelta(hours=1)
"""Six times as long as an upload may take."""

LIMIT: Final = 100
"""Objects removed in one round of each kind."""


class Cleaning:
    """Every replica may run it: removing what is gone changes nothing."""

    def __init__(self, files: Files, bucket: Bucket, surely_ended: timedelta = SURELY_ENDED) -> None:
        self._files = files
        self._bucket = bucket
        self._surely_ended = surely_ended

    async def run(self) -> None:
        """Clean for ever; an absent engine only makes a round void."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.round()
            except Unavailable as away:
                log.warning("cleaning void", because=str(away))
            except Exception as error:
                log.critical("cleaning failed", error=type(error).__name__)

    async def round(self) -> None:
        for document_id, object_key in await self._files.discarded(LIMIT):
            await self._remove(document_id, object_key)
            await self._files.forget(document_id, object_key)
        for upload in await self._files.begun(self._surely_ended, LIMIT):
            await self._remove(upload.document_id, upload.object_key)
            await self._files.end_upload(upload.object_key)

    async def _remove(self, document_id: UUID, object_key: str) -> None:
        """Remove the object, unless it turns out to be the file's."""
        if not domain.holds(await self._files.find(document_id), object_key):
            await self._bucket.remove(object_key)
