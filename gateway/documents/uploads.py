"""Uploads of one account: counted, limited, streamed to the documents service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from starlette.requests import ClientDisconnect

from gateway.accounts.domain import Session
from gateway.documents.client import DocumentsClient, Upload
from gateway.documents.domain import document_id_of
from gateway.documents.limits import UploadLimits
from services.common.contracts.internal import DocumentResponse
from services.common.http.problems import Problem


class OpenedFile(NamedTuple):
    """`length` in bytes, as the client declared it, if it did."""

    name: str
    length: str | None
    content: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that a client is sending. `open` begins to read it; `received` says how many bytes arrived so far."""

    key: str
    open: Callable[[], Awaitable[OpenedFile]]
    received: Callable[[], int]


@dataclass(frozen=True, slots=True)
class UploadService:
    documents: DocumentsClient
    limits: UploadLimits
    id_secret: bytes

    async def upload(self, session: Session, file: IncomingFile, traceparent: str | None) -> DocumentResponse:
        """Store the file; a repetition under the same key returns the one that is stored. Raises a `Problem`."""
        document_id = document_id_of(self.id_secret, session, file.key)
        counted = await self._counted(session, document_id, traceparent)
        with self.limits.place(session.account_id), counted as amounts:
            try:
                name, length, content = await file.open()
                upload = Upload(
                    document_id=document_id,
                    owner=session.account_id,
                    name=name,
                    length=length,
                    quota=self.limits.quota[session.who],
                    traceparent=traceparent,
                )
                document, created = await self.documents.put(upload, content)
            except (Problem, ClientDisconnect) as error:
                # Files that are refused or broken off are sent and stored, too, up to there. Only our own failures do not count.
                if isinstance(error, ClientDisconnect) or error.status_code < 500:
                    amounts["bytes"] = file.received()
                raise
            if created:
                amounts["bytes"] = document.size
                self.limits.stored[document.document_id] = None
            else:
                amounts.clear()
        return document

    async def _counted(
        self, session: Session, document_id: UUID, traceparent: str | None
    ) -> AbstractContextManager[dict[str, int]]:
        """Counts an upload for the account, but not the repetition of one that is stored."""
        limit = self.limits.account_limit
        if document_id in self.limits.stored:
            return nullcontext({})
        if not limit.wait(session):
            return limit.use(session)
        if limit.is_flooded(session):
            raise limit.refusal(session)
        try:
            await self.documents.get(document_id, session.account_id, traceparent)
        except Problem:
            raise limit.refusal(session) from None
        return nullcontext({})
