"""Timelines: the published events of each document, stored so that they can be published again with the same bytes and ids.

An event is added to the timeline by the same write that adds it to the outbox. Decisions do not load timelines. When a
timeline becomes too large for its document, the older part spills to a collection of its own.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.errors import BulkWriteError

from services.common.store.client import DUPLICATE_KEY, Collection
from services.common.store.documents import OutboxEntry, RawDocument
from services.common.store.errors import translate_store_errors

MAX_TIMELINE_BYTES: Final = 256 * 1024
"""Maximum bytes of a timeline inside its document."""

ENTRY_OVERHEAD: Final = 256
"""Maximum bytes of an entry besides its value."""

FIELD: Final = "timeline"
WITHOUT_TIMELINE: Final = {FIELD: 0}
"""A MongoDB projection."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A published event: everything needed to build its record again."""

    sequence: str
    id: str
    type: str
    cause: str
    correlation: str
    at: datetime
    value: bytes


class Timelines:
    """Stores the events that are published on `topic`, which numbers its events. Timelines spill to the collection `older`."""

    def __init__(self, topic: str, older: Collection) -> None:
        self._topic = topic
        self._older = older

    def entries(self, events: Iterable[OutboxEntry]) -> list[RawDocument]:
        """The timeline entries of those of `events` that are on this topic, as they are stored."""
        return [_entry(event) for event in events if event.topic == self._topic]

    def size_with(self, timeline_bytes: int, events: Iterable[OutboxEntry]) -> tuple[int, bool]:
        """The bytes of a timeline of `timeline_bytes` once `events` are added, and whether it must spill first.

        After a spill the timeline in the document contains only the new events.
        """
        added = sum(len(event.value) + ENTRY_OVERHEAD for event in events if event.topic == self._topic)
        spill = timeline_bytes > 0 and added > 0 and timeline_bytes + added > MAX_TIMELINE_BYTES
        return (added if spill else timeline_bytes + added), spill

    async def spill(self, timelines: Mapping[str, Sequence[RawDocument]]) -> None:
        """Copy entries (document key → entries) to the collection `older`. Existing copies are identical, and stay."""
        copies = [
            {"_id": f"{key} {entry['sequence']}", **entry} for key, entries in timelines.items() for entry in entries
        ]
        try:
            with translate_store_errors():
                await self._older.insert_many(copies, ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise


async def read_timelines(
    documents: Collection, older: Collection, first: str, before: str
) -> AsyncIterator[list[TimelineEntry]]:
    """The timelines of documents with keys from `first` up to, but not including, `before`.

    One document's timeline comes in several lists, the spilled entries last, and some entries may come twice. Documents
    are read before `older`, so that entries which spill meanwhile are not missed. Raises `StoreUnavailable`.
    """
    keys: dict[str, Any] = {"_id": {"$gte": first, "$lt": before}}
    with translate_store_errors():
        async for document in documents.find(keys, {FIELD: 1}).sort("_id", ASCENDING):
            yield [_read(entry) for entry in document.get(FIELD, ())]
        async for entry in older.find(keys).sort("_id", ASCENDING):
            yield [_read(entry)]


def _entry(event: OutboxEntry) -> RawDocument:
    headers = event.headers
    return {
        "sequence": headers["ce_sequence"],
        "id": event.id,
        "type": headers["ce_type"],
        "cause": headers["ce_causationid"],
        "correlation": headers["ce_correlationid"],
        "at": event.at,
        "value": event.value,
    }


def _read(entry: RawDocument) -> TimelineEntry:
    return TimelineEntry(**{name: entry[name] for name in TimelineEntry.__slots__})
