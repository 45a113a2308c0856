"""The collections of documents: one aggregate per file, and the pending uploads."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from pymongo import ASCENDING, IndexModel

from services.common.messaging.producer.partitions import partition_of
from services.common.store import Change, Database, Document, DocumentStore, translate_store_errors
from services.documents import domain
from services.documents.domain import File

Decide = Callable[[Mapping[UUID, File | None]], Mapping[UUID, File]]
"""From the files by id to the new files. It is called again after a version conflict."""


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """An upload that started and has not ended. Its object may be complete, partial or missing."""

    object_key: str
    document_id: UUID


def now() -> datetime:
    """The time in whole milliseconds, the precision that MongoDB stores."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class Files:
    """Every method raises `StoreUnavailable` when MongoDB cannot be reached."""

    def __init__(self, database: Database) -> None:
        self.documents = DocumentStore(database["documents"], File)
        self._raw = database["documents"]
        self._uploads = database["uploads"]
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def ensure_indexes(self) -> None:
        await self.documents.ensure_indexes(
            IndexModel([("state.discarded", ASCENDING)], name="discarded"),
            IndexModel([("state.owner", ASCENDING)], name="owner"),
        )
        with translate_store_errors():
            await self._uploads.create_indexes([IndexModel([("begun_at", ASCENDING)], name="begun")])

    async def find(self, document_id: UUID) -> File | None:
        key = str(document_id)
        return (await self.documents.load([key]))[key].state

    async def bytes_of(self, owner: UUID) -> int:
        """The size of all files that are stored for this owner."""
        query = {"state.owner": owner, "state.content.size": {"$gt": 0}}
        with translate_store_errors():
            found = await self._raw.find(query, {"state.content.size": 1}).to_list(None)
        return sum(each["state"]["content"]["size"] for each in found)

    async def change(self, document_ids: Sequence[UUID], decide: Decide) -> dict[UUID, File]:
        """Save the files that `decide` returns, each by compare-and-set. Returns the files as stored.

        An exception of `decide` passes through. After a version conflict, `decide` is called again with the conflicting
        files only; if it raises then, the other files stay saved.

        A lock for each file serialises the changes made by this process: without it, of many concurrent changes all but
        one would conflict and retry, again and again.
        """
        async with AsyncExitStack() as locks:
            # Sorted, so that two changes cannot deadlock.
            for each in sorted(set(document_ids)):
                await locks.enter_async_context(self._locks.setdefault(each, asyncio.Lock()))
            return await self._change(document_ids, decide)

    async def _change(self, document_ids: Sequence[UUID], decide: Decide) -> dict[UUID, File]:
        stored: dict[UUID, File] = {}
        pending = list(document_ids)
        while pending:
            documents = await self.documents.load([str(each) for each in pending])
            decided = decide({each: documents[str(each)].state for each in pending})
            changes = [_change(documents[str(each)], each, decided[each]) for each in pending]
            conflicts = await self.documents.save([change for change in changes if change.dirty])
            stored |= {each: decided[each] for each in pending if str(each) not in conflicts}
            pending = [each for each in pending if str(each) in conflicts]
        return stored

    async def start_upload(self, document_id: UUID) -> str:
        """Record a pending upload, before any byte is sent. Returns the key of its object, which is always new."""
        key = f"{document_id}/{uuid4()}"
        with translate_store_errors():
            await self._uploads.insert_one({"_id": key, "document_id": document_id, "begun_at": now()})
        return key

    async def end_upload(self, object_key: str) -> None:
        """Remove the pending upload: its object belongs to a file now, or is removed."""
        with translate_store_errors():
            await self._uploads.delete_one({"_id": object_key})

    async def pending_uploads(self, older_than: timedelta, limit: int) -> list[PendingUpload]:
        """At most `limit` pending uploads that started at least `older_than` ago, oldest first."""
        query = {"begun_at": {"$lte": now() - older_than}}
        with translate_store_errors():
            found = await self._uploads.find(query).sort("begun_at", ASCENDING).limit(limit).to_list(None)
        return [PendingUpload(each["_id"], each["document_id"]) for each in found]

    async def discarded(self, limit: int) -> list[tuple[UUID, str]]:
        """Document id and object key of objects that files have discarded, for at most `limit` files."""
        query = {"state.discarded": {"$gt": ""}}
        with translate_store_errors():
            found = await self._raw.find(query, {"state.discarded": 1}).limit(limit).to_list(None)
        return [(UUID(each["_id"]), key) for each in found for key in each["state"]["discarded"]]

    async def forget(self, document_id: UUID, object_key: str) -> None:
        """Remove a deleted object from the discarded ones of its file."""
        await self.change([document_id], lambda files: {document_id: domain.forget(files[document_id], object_key)})


def _change(document: Document[File], document_id: UUID, file: File) -> Change[File]:
    if file == document.state:
        return Change(document, document)
    partition = partition_of(domain.home_key(document_id, file))
    return Change(document, replace(document, state=file, partition=partition, due=tuple(domain.timers(file))))
