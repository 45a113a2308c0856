"""What the kernel needs from the store, on every server and with both drivers."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel
from pymongo.errors import BulkWriteError

from services.common.store import Change, Collection, Document, DocumentStore, OutboxEntry

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Tally(BaseModel):
    count: int = 0
    text: str = ""


def change(before: Document[Tally], count: int, *events: str, text: str = "") -> Change[Tally]:
    after = replace(before, state=Tally(count=count, text=text))
    return Change(before, after, [OutboxEntry(name, "t", "k", {}, b"{}", NOW) for name in events])


class StoreSpec:
    async def test_version_conflicts_are_identified_among_saves_that_succeed(self, store: DocumentStore[Tally]) -> None:
        keys = ["lost-a", "won-a", "lost-b", "new-a", "lost-new", "new-b"]
        await store.save([change(Document(key), 1) for key in keys if not key.startswith("new")])
        found = await store.load(keys)
        before = [
            replace(found["lost-a"], version=7),
            found["won-a"],
            replace(found["lost-b"], version=2),
            found["new-a"],
            Document[Tally]("lost-new"),
            found["new-b"],
        ]

        conflicts = await store.save([change(document, 2) for document in before])

        assert conflicts == {"lost-a", "lost-b", "lost-new"}
        stored = await store.load(keys)
        assert {key: (each.version, each.state and each.state.count) for key, each in stored.items()} == {
            "lost-a": (1, 1),
            "won-a": (2, 2),
            "lost-b": (1, 1),
            "new-a": (1, 2),
            "lost-new": (1, 1),
            "new-b": (1, 2),
        }

    @pytest.mark.parametrize("stored", [False, True], ids=["a new document", "a stored one"])
    async def test_of_many_concurrent_saves_one_wins(self, store: DocumentStore[Tally], stored: bool) -> None:
        key = f"contended-{stored}"
        if stored:
            await store.save([change(Document(key), 0)])
        before = (await store.load([key]))[key]
        racers = [change(replace(before), number, f"event-{number}") for number in range(1, 17)]

        lost = await asyncio.gather(*(store.save([each]) for each in racers))

        [winner] = [each for each, conflicts in zip(racers, lost, strict=True) if not conflicts]
        after = (await store.load([key]))[key]
        assert after.state == winner.after.state
        assert [each.id for each in after.outbox] == [each.id for each in winner.new_events]
        assert after.version == before.version + 1

    async def test_clearing_removes_sent_events_and_leaves_newer_ones(self, store: DocumentStore[Tally]) -> None:
        await store.save([change(Document("outbox"), 1, "a", "b")])
        await store.save([change((await store.load(["outbox"]))["outbox"], 2, "c")])

        await store.clear({"outbox": ["a", "b", "unknown"]})

        assert [each.id for each in (await store.load(["outbox"]))["outbox"].outbox] == ["c"]

    async def test_three_mebibytes_are_stored_unchanged(self, store: DocumentStore[Tally]) -> None:
        text = "ã" * (3 * 1024 * 1024 // 2)

        assert await store.save([change(Document("large"), 1, text=text)]) == set()

        assert (await store.load(["large"]))["large"].state == Tally(count=1, text=text)

    async def test_a_duplicate_in_an_unordered_bulk_does_not_prevent_other_inserts(
        self, collection: Collection
    ) -> None:
        await collection.insert_one({"_id": "existing"})
        with pytest.raises(BulkWriteError) as raised:
            await collection.insert_many([{"_id": "one"}, {"_id": "existing"}, {"_id": "two"}], ordered=False)

        failures = [(each["index"], each["code"]) for each in raised.value.details["writeErrors"]]
        assert failures == [(1, 11000)]
        assert await collection.count_documents({"_id": {"$in": ["one", "two"]}}) == 2
