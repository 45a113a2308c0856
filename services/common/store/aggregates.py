"""Loading and saving aggregates: compare-and-set on `version`, one atomic write per document, one bulk per batch.

A miss (somebody saved first) is told apart from every other failure on every engine: the save is an insert or, on
`{_id, version}`, an upsert, so a document with another version is always a duplicate key at its own place in the bulk.
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
from services.common.store.timelines import FIELD, NOT_LOADED, Timelines

MAX_DOCUMENT: Final = 4 * 1024 * 1024
"""Bytes a document may have; a record that would make it larger is poison, never an outage."""

_CODEC: Final = codec_options()
_RAW: Final = _CODEC.with_options(document_class=RawBSONDocument)

_THERE: Final = {"$exists": True}


class DocumentStore(Generic[State]):
    """The documents of one kind, in one collection that one service owns; `timelines` keep what they said."""

    def __init__(self, collection: Collection, state: type[State], timelines: Timelines | None = None) -> None:
        self._collection = collection
        self._state = state
        self._timelines = timelines
        self._loaded = NOT_LOADED if timelines else None

    async def ensure_indexes(self, *more: IndexModel) -> None:
        """Timers and unsent events are found by partition, documents on hold all together, in indexes that hold no
        document without: each index that does hold it must be written whenever a document is.

        The compare-and-set has one that holds none at all, for the embedded server alone: it scans unless an index has
        exactly the fields asked for, makes unique ones only, and whole ones always.
        """
        nothing = {"version": {"$lt": 0}}
        with translate_store_errors():
            await self._collection.create_indexes(
                [
                    _index("compare-and-set", "_id", "version", unique=True, partialFilterExpression=nothing),
                    _index("due", "partition", "due.at", partialFilterExpression={"due.at": _THERE}),
                    _index("unsent", "partition", "outbox.at", partialFilterExpression={"outbox.at": _THERE}),
                    _index("on-hold", "blocked.at", partialFilterExpression={"blocked.at": _THERE}),
                    *more,
                ]
            )

    async def load(self, keys: Sequence[str]) -> dict[str, Document[State]]:
        """The documents of all `keys`, with an empty one for each that is not stored."""
        with translate_store_errors():
            found = await self._collection.find({"_id": {"$in": list(keys)}}, self._loaded).to_list(None)
        documents: dict[str, Document[State]] = {key: Document(key) for key in keys}
        for raw in found:
            documents[raw["_id"]] = self._read(raw)
        return documents

    async def save(self, changes: Sequence[Change[State]]) -> set[str]:
        """Write all changes at once; the keys of those that missed because the stored version is another."""
        if not changes:
            return set()
        missed: set[str] = set()
        try:
            with translate_store_errors():
                await self._collection.bulk_write([self._write(change) for change in changes], ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            missed = {changes[failure["index"]].before.key for failure in failures}
        for change in changes:
            if change.before.key not in missed:
                change.after.version = change.before.version + 1
                change.after.kept, _ = self._room(change)
        return missed

    def needs_spill(self, changes: Sequence[Change[State]]) -> list[str]:
        """Documents whose timeline must be moved beside them before these changes are saved: hardly ever any."""
        if self._timelines is None:
            return []
        return [change.before.key for change in changes if self._room(change)[1]]

    async def timelines_of(self, keys: Sequence[str]) -> dict[str, Sequence[RawDocument]]:
        """What is kept in the documents themselves."""
        with translate_store_errors():
            found = await self._collection.find({"_id": {"$in": list(keys)}}, {FIELD: 1}).to_list(None)
        return {raw["_id"]: raw[FIELD] for raw in found if raw.get(FIELD)}

    async def move_timelines(self, found: Mapping[str, Sequence[RawDocument]]) -> None:
        """Put what `timelines_of` found beside the documents; the next save lets go of it, if nobody saved before."""
        if self._timelines and found:
            await self._timelines.move(found)

    async def clear(self, sent: Mapping[str, Sequence[str]]) -> None:
        """Take acknowledged events out of the outboxes of `sent` (document key → event ids), and nothing else."""
        ids = [event for events in sent.values() for event in events]
        with translate_store_errors():
            await self._collection.update_many(
                {"_id": {"$in": list(sent)}}, {"$pull": {"outbox": {"id": {"$in": ids}}}}
            )

    async def due(
        self, partitions: Sequence[int], before: datetime, limit: int, but: abc.Collection[str] = ()
    ) -> list[Document[State]]:
        """Documents in `partitions` with a timer due at `before` or earlier, `but` these. Timers of a blocked one wait."""
        due = {"due.at": {"$lte": before, **_THERE}, "blocked.0": {"$exists": False}, "_id": {"$nin": list(but)}}
        return await self._find({"partition": {"$in": list(partitions)}} | due, limit)

    async def unsent(self, partitions: Sequence[int], before: datetime, limit: int) -> list[Document[State]]:
        """Documents in `partitions` whose outbox holds an event from `before` or earlier."""
        unsent = {"outbox.at": {"$lte": before, **_THERE}}
        return await self._find({"partition": {"$in": list(partitions)}} | unsent, limit)

    async def _find(self, query: RawDocument, limit: int) -> list[Document[State]]:
        with translate_store_errors():
            found = await self._collection.find(query, self._loaded).limit(limit).to_list(None)
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
            kept=raw.get("kept", 0),
        )

    def _room(self, change: Change[State]) -> tuple[int, bool]:
        """The bytes of the document's timeline after the change, and whether it begins anew."""
        return self._timelines.room(change.before.kept, change.said) if self._timelines else (0, False)

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
        # Never `$set`: what another member has not yet seen acknowledged would vanish with the old array.
        pushed = {"outbox": [event._asdict() for event in change.said]}
        beside = sum(len(event.value) + 1024 for event in after.outbox)
        if self._timelines:
            kept, anew = self._room(change)
            (fields if anew else pushed)[FIELD] = self._timelines.entries(change.said)
            fields["kept"], beside = kept, beside + kept
        if not before.version:
            return InsertOne[Any](_encoded({"_id": after.key, **fields, **pushed}, 0))
        update: dict[str, Any] = {"$set": _encoded(fields, beside)}
        if pushes := {name: {"$each": entries} for name, entries in pushed.items() if entries}:
            update["$push"] = pushes
        return UpdateOne({"_id": after.key, "version": before.version}, update, upsert=True)


def _encoded(fields: RawDocument, beside: int) -> RawBSONDocument:
    """`fields` as they are sent; the document will hold `beside` bytes more. Raises `Poison` when it is too large."""
    encoded = bson.encode(fields, codec_options=_CODEC)
    if len(encoded) + beside > MAX_DOCUMENT:
        raise Poison("document-too-large")
    return RawBSONDocument(encoded, _RAW)


def _index(name: str, *fields: str, **options: Any) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], name=name, **options)
