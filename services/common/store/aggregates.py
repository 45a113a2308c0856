"""Loading and saving aggregates: compare-and-set on `version`, one atomic write per document, one bulk per batch.

A miss (somebody saved first) is told apart from every other failure on every engine: the save is an upsert on
`{_id, version}`, so a document with another version is always a duplicate key at its own place in the bulk.
"""

from collections import abc
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError

from services.common.errors import Poison
from services.common.store.away import reaching_store
from services.common.store.client import DUPLICATE_KEY, Collection, codec_options
from services.common.store.documents import Change, Document, Due, Outgoing, Parked, Raw, Seen, State

MAX_DOCUMENT: Final = 4 * 1024 * 1024
"""Bytes a document may have; a record that would make it larger is poison, never an outage."""

_CODEC: Final = codec_options()


class DocumentStore(Generic[State]):
    """The documents of one kind, in one collection that one service owns."""

    def __init__(self, collection: Collection, state: type[State]) -> None:
        self._collection = collection
        self._state = state

    async def ensure_indexes(self, *more: IndexModel) -> None:
        """Timers and unsent events are found by partition.

        The compare-and-set has an index of its own, because the embedded server scans unless an index has exactly the
        fields asked for, and makes unique ones only. It may be unique, because `_id` is: it refuses nothing more.
        """
        with reaching_store():
            await self._collection.create_indexes(
                [
                    IndexModel([("_id", ASCENDING), ("version", ASCENDING)], name="compare-and-set", unique=True),
                    IndexModel([("partition", ASCENDING), ("due.at", ASCENDING)], name="due"),
                    IndexModel([("partition", ASCENDING), ("outbox.at", ASCENDING)], name="unsent"),
                    *more,
                ]
            )

    async def load(self, keys: Sequence[str]) -> dict[str, Document[State]]:
        """The documents of all `keys`, with an empty one for each that is not stored."""
        with reaching_store():
            found = await self._collection.find({"_id": {"$in": list(keys)}}).to_list(None)
        documents = {key: Document[State](key) for key in keys}
        for raw in found:
            documents[raw["_id"]] = self._read(raw)
        return documents

    async def save(self, changes: Sequence[Change[State]]) -> set[str]:
        """Write all changes at once; the keys of those that missed because the stored version is another."""
        if not changes:
            return set()
        missed: set[str] = set()
        try:
            with reaching_store():
                await self._collection.bulk_write([self._update(change) for change in changes], ordered=False)
        except BulkWriteError as error:
            failures = error.details["writeErrors"]
            if any(failure["code"] != DUPLICATE_KEY for failure in failures):
                raise
            missed = {changes[failure["index"]].before.key for failure in failures}
        for change in changes:
            if change.before.key not in missed:
                change.after.version = change.before.version + 1
        return missed

    async def clear(self, sent: Mapping[str, Sequence[str]]) -> None:
        """Take acknowledged events out of the outboxes of `sent` (document key → event ids), and nothing else."""
        ids = [event for events in sent.values() for event in events]
        with reaching_store():
            await self._collection.update_many(
                {"_id": {"$in": list(sent)}}, {"$pull": {"outbox": {"id": {"$in": ids}}}}
            )

    async def due(
        self, partitions: Sequence[int], before: datetime, limit: int, but: abc.Collection[str] = ()
    ) -> list[Document[State]]:
        """Documents in `partitions` with a timer due at `before` or earlier, `but` these. Timers of a blocked one wait."""
        due = {"due.at": {"$lte": before}, "blocked.0": {"$exists": False}, "_id": {"$nin": list(but)}}
        return await self._find({"partition": {"$in": list(partitions)}} | due, limit)

    async def unsent(self, partitions: Sequence[int], before: datetime, limit: int) -> list[Document[State]]:
        """Documents in `partitions` whose outbox holds an event from `before` or earlier."""
        return await self._find({"partition": {"$in": list(partitions)}, "outbox.at": {"$lte": before}}, limit)

    async def _find(self, query: Raw, limit: int) -> list[Document[State]]:
        with reaching_store():
            found = await self._collection.find(query).limit(limit).to_list(None)
        return [self._read(raw) for raw in found]

    def _read(self, raw: Raw) -> Document[State]:
        state = raw.get("state")
        return Document(
            key=raw["_id"],
            version=raw["version"],
            partition=raw["partition"],
            state=None if state is None else self._state.model_validate(state),
            inbox=tuple(Seen(**entry) for entry in raw.get("inbox", ())),
            outbox=tuple(Outgoing(**entry) for entry in raw.get("outbox", ())),
            blocked=tuple(Parked(**entry) for entry in raw.get("blocked", ())),
            due=tuple(Due(**entry) for entry in raw.get("due", ())),
        )

    def _update(self, change: Change[State]) -> UpdateOne:
        after = change.after
        fields = bson.encode(
            {
                "version": change.before.version + 1,
                "partition": after.partition,
                "state": None if after.state is None else after.state.model_dump(),
                "inbox": [{"id": seen.id, "digest": seen.digest, "at": seen.at} for seen in after.inbox],
                "blocked": [_parked(parked) for parked in after.blocked],
                "due": [{"kind": due.kind, "at": due.at} for due in after.due],
            },
            codec_options=_CODEC,
        )
        said = [_outgoing(event) for event in change.said]
        if len(fields) + sum(len(event.value) + 1024 for event in after.outbox) > MAX_DOCUMENT:
            raise Poison("document-too-large")
        update: dict[str, Any] = {"$set": RawBSONDocument(fields, _CODEC.with_options(document_class=RawBSONDocument))}
        if said:
            # Never `$set`: what another member has not yet seen acknowledged would vanish with the old array.
            update["$push"] = {"outbox": {"$each": said}}
        return UpdateOne({"_id": after.key, "version": change.before.version}, update, upsert=True)


def _parked(parked: Parked) -> Raw:
    return {"topic": parked.topic, "partition": parked.partition, "offset": parked.offset, "at": parked.at}


def _outgoing(event: Outgoing) -> Raw:
    return {
        "id": event.id,
        "topic": event.topic,
        "key": event.key,
        "headers": dict(event.headers),
        "value": event.value,
        "at": event.at,
    }
