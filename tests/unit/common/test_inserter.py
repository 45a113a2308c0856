"""Inserters store the documents of one key in the order of its events, in few writes."""

from collections import Counter
from typing import Any, cast

from hypothesis import given, strategies as st

from services.common.contracts.intake import Withdrawn
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.messaging import Inserter, InserterProcessor, Outcome
from services.common.messaging.handlers.processor import IncomingRecord
from services.common.store import Collection
from tests.support.received import REQUEST, received

EVENT = Withdrawn(request_id=REQUEST, reference=reference_of(REQUEST), account_id=REQUEST, actor_id=REQUEST)

inserter = Inserter()


@inserter.on(Withdrawn)
def make(record: Received[Withdrawn]) -> list[dict[str, Any]]:
    return [{"_id": f"{record.id}-{channel}", "key": record.key} for channel in ("email", "sms")]


class RecordedWrites:
    """The driver's side of an inserter: what it is given, write by write."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []

    async def insert_many(self, documents: list[dict[str, Any]], *, ordered: bool) -> None:
        self.writes.append([document["_id"] for document in documents])


@given(keys=st.lists(st.sampled_from("abcd"), min_size=1, max_size=30))
async def test_a_write_has_at_most_one_event_of_a_key_and_later_events_come_in_later_writes(keys: list[str]) -> None:
    collection = RecordedWrites()
    batch = [
        IncomingRecord(received(EVENT, topic=EVENT.topic, id=f"{key}:{place:02}")._replace(key=key), None)
        for place, key in enumerate(keys)
    ]
    outcomes = await InserterProcessor(inserter, cast(Collection, collection)).process(batch)
    assert outcomes == [Outcome.APPLIED] * (2 * len(keys))
    assert len(collection.writes) == max(Counter(keys).values())
    for key in set(keys):
        events = [sorted({each.rpartition("-")[0] for each in write if each[0] == key}) for write in collection.writes]
        assert all(len(event) <= 1 for event in events)
        stored = [event[0] for event in events if event]
        assert stored == [f"{key}:{place:02}" for place, other in enumerate(keys) if other == key]


async def test_events_that_make_no_document_cause_no_write() -> None:
    collection = RecordedWrites()
    processor = InserterProcessor(Inserter(), cast(Collection, collection))
    assert await processor.process([IncomingRecord(received(EVENT, topic=EVENT.topic), None)]) == []
    assert collection.writes == []
