"""Loads and saves documents: compare-and-set on `version`, one atomic write per document, one bulk write per batch.

A save is an insert, or an upsert that selects `{_id, version}`. If another member has saved the document first, the
upsert does not match, inserts, and fails with a duplicate key at its own index in the bulk result. This identifies
version conflicts on every engine.
"""

from collections import abc
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.common.domain.errors import Poison
from services.common.domain.timers import Timer
from services.common.store.client import DUPLICATE_KEY, Collection, codec_options
from services.common.store.documents import Change, Document, InboxEntry, OutboxEntry, Parked, RawDocument, State
from services.common.store.errors import translate_store_errors
from services.common.store.timelines import FIELD, WITHOUT_TIMELINE, Timelines

MAX_DOCUMENT: Final = 4 * 1024 * 1024
"""Maximum bytes of a document. A record that would make it larger is poison; it must not look like an outage."""

_CODEC: Final = codec_options()
_RAW: Final = _CODEC.with_options(document_class=RawBSONDocument)

_EXISTS: Final = {"$exists": True}


class DocumentStore(Generic[State]):
    """The documents of one kind, in one collection that one service owns. With `timelines`, published events are stored.

    Every method raises `StoreUnavailable`.
    """

    def __init__(self, collection: Collection, state: type[State], timelines: Timelines | None = None) -> None:
        self._collection = collection
        self._state = state
        self._timelines = timelines
        self._projection = WITHOUT_TIMELINE if timelines else None

    async def ensure_indexes(self, *more: IndexModel) -> None:
        """Create the indexes for timers, unsent events and blocked documents, and `more`.

        They are partial indexes, which contain only documents with such a field: an index that contains a document must
        be updated at each save. The compare-and-set index contains no document at all. Only the embedded server needs
        it: that server scans the collection unless an index has exactly the queried fields, and ignores the partial
        filter.
        """
        nothing = {"version": {"$lt": 0}}
        with translate_store_errors():
            await self._collection.create_indexes(
                [
                    _index("compare-and-set", "_id", "version", unique=True, partialFilterExpression=nothing),
                    _index("due", "partition", "due.at", partialFilterExpression={"due.at": _EXISTS}),
                    _index("unsent", "partition", "outbox.at", partialFilterExpression={"outbox.at": _EXISTS}),
                    _index("on-hold", "blocked.at", partialFilterExpression={"blocked.at": _EXISTS}),
                    *more,
                ]
            )

    async def load(self, keys: Sequence[str]) -> dict[str, Document[State]]:
        """The documents of `keys`; a document with version 0 for each key that is not stored."""
        with translate_store_errors():
            found = await self._collection.find({"_id": {"$in": list(keys)}}, self._projection).to_list(None)
        documents: dict[str, Document[State]] = {key: Document(key) for key in keys}
        for raw in found:
            documents[raw["_id"]] = self._read(raw)
        return documents

    async def save(self, changes: Sequence[Change[State]]) -> set[str]:
        """Save all changes in one bulk write. Returns the keys with a version conflict, which were not saved."""
        if not changes:
            return set()
        conflicts: set[str] = set()
        try:
            with translate_store_errors():
                await self._collection.bulk_write([self._write(change) for change in changes], ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            conflicts = {changes[failure["index"]].before.key for failure in failures}
        for change in changes:
            if change.before.key not in conflicts:
                change.after.version = change.before.version + 1
                change.after.timeline_bytes, _ = self._timeline_size(change)
        return conflicts

    def needs_spill(self, changes: Sequence[Change[State]]) -> list[str]:
        """Keys of documents whose timeline must spill before these changes are saved: very rarely any."""
        if self._timelines is None:
            return []
        return [change.before.key for change in changes if self._timeline_size(change)[1]]

    async def load_timelines(self, keys: Sequence[str]) -> dict[str, Sequence[RawDocument]]:
        """The timelines stored in the documents: document key → entries."""
        with translate_store_errors():
            found = await self._collection.find({"_id": {"$in": list(keys)}}, {FIELD: 1}).to_list(None)
        return {raw["_id"]: raw[FIELD] for raw in found if raw.get(FIELD)}

    async def spill_timelines(self, timelines: Mapping[str, Sequence[RawDocument]]) -> None:
        """Copy loaded timelines to their own collection. The next save then removes them from the documents.

        A version conflict keeps that save from removing entries that were added after the load.
        """
        if self._timelines and timelines:
            await self._timelines.spill(timelines)

    async def clear(self, sent: Mapping[str, Sequence[str]]) -> None:
        """Remove acknowledged events (document key → event ids) from the outboxes. Changes nothing else, nor the version."""
        ids = [event for events in sent.values() for event in events]
        with translate_store_errors():
            await self._collection.update_many(
                {"_id": {"$in": list(sent)}}, {"$pull": {"outbox": {"id": {"$in": ids}}}}
            )

    async def due(
        self, partitions: Sequence[int], before: datetime, limit: int, skip: abc.Collection[str] = ()
    ) -> list[Document[State]]:
        """Up to `limit` documents in `partitions` with a timer due at `before` or earlier. Blocked ones are left out, so that
        their timers wait, and so are those in `skip`.
        """
        due = {"due.at": {"$lte": before, **_EXISTS}, "blocked.0": {"$exists": False}, "_id": {"$nin": list(skip)}}
        return await self._find({"partition": {"$in": list(partitions)}} | due, limit)

    async def unsent(self, partitions: Sequence[int], before: datetime, limit: int) -> list[Document[State]]:
        """Up to `limit` documents in `partitions` with an outbox entry from `before` or earlier."""
        unsent = {"outbox.at": {"$lte": before, **_EXISTS}}
        return await self._find({"partition": {"$in": list(partitions)}} | unsent, limit)

    async def _find(self, query: RawDocument, limit: int) -> list[Document[State]]:
        with translate_store_errors():
            found = await self._collection.find(query, self._projection).limit(limit).to_list(None)
        return [self._read(raw) for raw in found]

    def _read(self, raw: RawDocument) -> Document[State]:
        state = raw.get("state")
        return Document(
            key=raw["_id"],
            version=raw["version"],
            partition=raw["partition"],
            state=None if state is None else self._state.model_validate(state),
            inbox=tuple(InboxEntry(**entry) for entry in raw.get("inbox", ())),
            outbox=tuple(OutboxEntry(**entry) for entry in raw.get("outbox", ())),
            blocked=tuple(Parked(**entry) for entry in raw.get("blocked", ())),
            due=tuple(Timer(**entry) for entry in raw.get("due", ())),
            timeline_bytes=raw.get("kept", 0),
        )

    def _timeline_size(self, change: Change[State]) -> tuple[int, bool]:
        """The bytes of the document's timeline after the change, and whether it must spill first."""
        if self._timelines is None:
            return 0, False
        return self._timelines.size_with(change.before.timeline_bytes, change.new_events)

    def _write(self, change: Change[State]) -> InsertOne[Any] | UpdateOne:
        before, after = change.before, change.after
        fields = {
            "version": before.version + 1,
            "partition": after.partition,
            "state": None if after.state is None else after.state.model_dump(),
            "inbox": [seen._asdict() for seen in after.inbox],
            "blocked": [parked._asdict() for parked in after.blocked],
            "due": [due._asdict() for due in after.due],
        }
        # Never `$set` the outbox: entries that another member has added meanwhile would be lost.
        pushed = {"outbox": [event._asdict() for event in change.new_events]}
        other_bytes = sum(len(event.value) + 1024 for event in after.outbox)
        if self._timelines:
            timeline_bytes, spilled = self._timeline_size(change)
            (fields if spilled else pushed)[FIELD] = self._timelines.entries(change.new_events)
            fields["kept"], other_bytes = timeline_bytes, other_bytes + timeline_bytes
        if not before.version:
            return InsertOne[Any](_encoded({"_id": after.key, **fields, **pushed}, 0))
        update: dict[str, Any] = {"$set": _encoded(fields, other_bytes)}
        if pushes := {name: {"$each": entries} for name, entries in pushed.items() if entries}:
            update["$push"] = pushes
        return UpdateOne({"_id": after.key, "version": before.version}, update, upsert=True)


def _encoded(fields: RawDocument, other_bytes: int) -> RawBSONDocument:
    """`fields` as BSON. Raises `Poison` if they and the document's `other_bytes` exceed `MAX_DOCUMENT`."""
    encoded = bson.encode(fields, codec_options=_CODEC)
    if len(encoded) + other_bytes > MAX_DOCUMENT:
        raise Poison("document-too-large")
    return RawBSONDocument(encoded, _RAW)


def _index(name: str, *fields: str, **options: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], name=name, **options)
