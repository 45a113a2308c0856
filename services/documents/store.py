"""All of documents' MongoDB: the aggregate of each file, and the uploads that have begun."""

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
"""Told the files by id, says how they are from now on. Called again when somebody else saved first."""


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """An upload that began and was not seen to end: its object may be whole, in part, or not there."""

    object_key: str
    document_id: UUID


def now() -> datetime:
    """The time, in the milliseconds that the store keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Files:
    """Every method raises `StoreUnavailable` when the store cannot be reached."""

    def __init__(self, database: Database) -> None:
        self.documents = DocumentStore(database["documents"], File)
        self._raw = database["documents"]
        self._uploads = database["uploads"]
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def ensure_indexes(self) -> None:
        await self.documents.ensure_indexes(IndexModel([("state.discarded", ASCENDING)], name="discarded"))
        with translate_store_errors():
            await self._uploads.create_indexes([IndexModel([("begun_at", ASCENDING)], name="begun")])

    async def find(self, document_id: UUID) -> File | None:
        key = str(document_id)
        return (await self.documents.load([key]))[key].state

    async def change(self, document_ids: Sequence[UUID], decide: Decide) -> dict[UUID, File]:
        """Save what `decide` says, each file by compare-and-set; the files as they are stored then.

        What `decide` raises passes through. Only files that somebody else saved first are decided on again: if it
        raises then, the others stay as it said.

        Changes of one file made here take turns. Of many at once all but one would miss, load, decide and miss again.
        """
        async with AsyncExitStack() as turns:
            # In one order everywhere, so that no two wait for each other.
            for each in sorted(set(document_ids)):
                await turns.enter_async_context(self._turns.setdefault(each, asyncio.Lock()))
            return await self._change(document_ids, decide)

    async def _change(self, document_ids: Sequence[UUID], decide: Decide) -> dict[UUID, File]:
        stored: dict[UUID, File] = {}
        pending = list(document_ids)
        while pending:
            documents = await self.documents.load([str(each) for each in pending])
            decided = decide({each: documents[str(each)].state for each in pending})
            changes = [_change(documents[str(each)], each, decided[each]) for each in pending]
            missed = await self.documents.save([change for change in changes if change.dirty])
            stored |= {each: decided[each] for each in pending if str(each) not in missed}
            pending = [each for each in pending if str(each) in missed]
        return stored

    async def begin_upload(self, document_id: UUID) -> str:
        """The key of a new object for this file: never one that was used before. Noted before a byte goes there."""
        key = f"{document_id}/{uuid4()}"
        with translate_store_errors():
            await self._uploads.insert_one({"_id": key, "document_id": document_id, "begun_at": now()})
        return key

    async def end_upload(self, object_key: str) -> None:
        """The object is a file's, or gone."""
        with translate_store_errors():
            await self._uploads.delete_one({"_id": object_key})

    async def begun(self, longer_than: timedelta, limit: int) -> list[PendingUpload]:
        """Uploads that began so long ago that they cannot be going on."""
        query = {"begun_at": {"$lte": now() - longer_than}}
        with translate_store_errors():
            found = await self._uploads.find(query).sort("begun_at", ASCENDING).limit(limit).to_list(None)
        return [PendingUpload(each["_id"], each["document_id"]) for each in found]

    async def discarded(self, limit: int) -> list[tuple[UUID, str]]:
        """Objects whose file has let them go: document id and object key."""
        query = {"state.discarded": {"$gt": ""}}
        with translate_store_errors():
            found = await self._raw.find(query, {"state.discarded": 1}).limit(limit).to_list(None)
        return [(UUID(each["_id"]), key) for each in found for key in each["state"]["discarded"]]

    async def forget(self, document_id: UUID, object_key: str) -> None:
        """Note that a discarded object's bytes are gone."""
        await self.change([document_id], lambda files: {document_id: domain.forget(files[document_id], object_key)})


def _change(document: Document[File], document_id: UUID, file: File) -> Change[File]:
    if file == document.state:
        return Change(document, document)
    partition = partition_of(domain.home_key(document_id, file))
    return Change(document, replace(document, state=file, partition=partition, due=tuple(domain.timers(file))))
