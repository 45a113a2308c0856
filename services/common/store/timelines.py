"""What a document's aggregate has said, kept so that it can be said again, byte for byte and under the same ids.

It is pushed to the document by the very write that says it, and no decision loads it. When it takes too much room there,
the older part moves to a collection of its own.
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

ROOM: Final = 256 * 1024
"""Bytes of its timeline that a document keeps itself."""

BESIDE: Final = 256
"""Bytes that an entry takes beside its value, at most."""

FIELD: Final = "timeline"
NOT_LOADED: Final = {FIELD: 0}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event that was said: all that its record is made from again."""

    sequence: str
    id: str
    type: str
    cause: str
    correlation: str
    at: datetime
    value: bytes


class Timelines:
    """Keeps what is said on `topic`, which numbers its events. `older` is the collection beside the documents."""

    def __init__(self, topic: str, older: Collection) -> None:
        self._topic = topic
        self._older = older

    def entries(self, said: Iterable[OutboxEntry]) -> list[RawDocument]:
        """What of `said` is kept, as it is stored."""
        return [_entry(event) for event in said if event.topic == self._topic]

    def room(self, kept: int, said: Iterable[OutboxEntry]) -> tuple[int, bool]:
        """The bytes of a timeline of `kept` with what is said now; whether it begins anew, which keeps it small."""
        size = sum(len(event.value) + BESIDE for event in said if event.topic == self._topic)
        anew = kept > 0 and size > 0 and kept + size > ROOM
        return (size if anew else kept + size), anew

    async def move(self, found: Mapping[str, Sequence[RawDocument]]) -> None:
        """Put entries (document key → entries) beside; those that are there already are the same."""
        moved = [{"_id": f"{key} {entry['sequence']}", **entry} for key, entries in found.items() for entry in entries]
        try:
            with translate_store_errors():
                await self._older.insert_many(moved, ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise


async def said_between(
    documents: Collection, older: Collection, first: str, before: str
) -> AsyncIterator[list[TimelineEntry]]:
    """What is kept of the documents whose keys lie from `first` to below `before`.

    Of one document: in several parts, the older ones last, some of them perhaps twice. Documents first: what moves from
    them meanwhile is then met beside them. Nothing of the driver's is raised for an absent store but `StoreUnavailable`.
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
