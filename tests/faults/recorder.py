"""Reads a history off the engines: every record of every topic, every document it touched, and the mails."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from deploy.demo.evidence import READ_WITHIN_SECONDS, Log, Places, mail_names, mails_in
from deploy.topics_apply import admin_client
from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import RequestRegistered
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.reader import read
from services.common.store import Client, connect, database, disconnect
from tests.faults.clauses.records import READERS
from tests.faults.history import Behind, History, Kept, Letter, Record
from tests.faults.town import Town

COLLECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "intake": ("postigo_intake", "requests"),
    "routing": ("postigo_routing", "assignments"),
    "documents": ("postigo_documents", "documents"),
    "notifications": ("postigo_notifications", "deliveries"),
    "gateway-views": ("postigo_gateway", "request_views"),
}
"""Database and collection in which each group keeps what its records did."""

READS: Final[Mapping[str, frozenset[str]]] = {
    **{group: frozenset(topic for topic, groups in READERS.items() if group in groups) for group in COLLECTIONS},
    **{f"department-{code}": frozenset({topics.inbox(code)}) for code in catalogue().departments},
}
"""The topics that each group reads, those of departments among them."""


class WholeLog(Log):
    """Every declared topic as it lies there, dead letters and unreadable records among the rest."""

    async def raw(self, begin: Places, end: Places) -> list[Any]:
        """Every record from `begin` to `end`, in the order of topic, partition and offset."""
        moved = {tp: offset for tp, offset in end.items() if offset > begin[tp]}
        if not moved:
            return []
        async with asyncio.timeout(READ_WITHIN_SECONDS):
            records = await self._records(begin, moved)
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))


@asynccontextmanager
async def reading(town: Town) -> AsyncIterator[WholeLog]:
    """A new connection each time: an old one may be deaf after the broker was away."""
    async with WholeLog(town.kafka) as log:
        yield log


@dataclass(slots=True)
class Recorder:
    """Records of one schedule, from `begin` on. `records` and `letters` grow with each look."""

    town: Town
    begin: Places
    mails_before: frozenset[str]
    records: list[Record] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    @classmethod
    async def begun(cls, town: Town) -> "Recorder":
        async with reading(town) as log:
            return cls(town, await log.ends(), mail_names(town.stack.home.mails))

    async def look(self) -> tuple[int, Sequence[Behind]]:
        """Read on. How many records were new, and who has not taken which."""
        async with reading(self.town) as log:
            ends = await log.ends()
            new = await log.raw(self.begin, ends)
        for each in new:
            self._sort(each)
        self.begin = ends
        return len(new), await behind(self.town.kafka, ends=ends)

    def _sort(self, raw: Any) -> None:
        if ".dlq." in raw.topic:
            self.letters.append(letter_in(raw))
        else:
            position = position_of(raw)
            self.records.append(replace(record_in(raw), again=position in self.town.said_again))

    async def history(self, **more: Any) -> History:
        """All that is known by now."""
        return History(
            records=sorted(self.records, key=lambda each: (each.topic, each.position.partition, each.position.offset)),
            letters=list(self.letters),
            poisoned=frozenset(self.town.poisoned),
            kept=await self._kept(),
            mails=mails_in(self.town.stack.home.mails, but=self.mails_before),
            **more,
        )

    async def _kept(self) -> dict[str, dict[str, Kept]]:
        keys = {record.key for record in self.records}
        ids = [key for key in keys if _is_uuid(key)]
        references = [reference_of(UUID(key)) for key in ids]
        wanted: dict[str, dict[str, Any]] = {
            "intake": {"_id": {"$in": references}},
            "routing": {"_id": {"$in": ids}},
            "documents": {"_id": {"$in": sorted(self._documents())}},
            "notifications": {"state.request_id": {"$in": [UUID(key) for key in ids]}},
            "gateway-views": {"_id": {"$in": references}},
        }
        client = connect(self.town.stack.env["MONGO_URL"])
        try:
            return {group: await _documents(client, group, query) for group, query in wanted.items()}
        finally:
            await disconnect(client)

    def _documents(self) -> set[str]:
        events = [record.event for record in self.records]
        named = [event for event in events if isinstance(event, RequestSubmitted | RequestRegistered)]
        return {str(document) for event in named for document in event.documents}


async def _documents(client: Client, group: str, query: Mapping[str, Any]) -> dict[str, Kept]:
    name, collection = COLLECTIONS[group]
    found = await database(client, name)[collection].find(query).to_list(None)
    return {raw["_id"]: _kept(raw) for raw in found}


def _kept(raw: Mapping[str, Any]) -> Kept:
    return Kept(
        key=raw["_id"],
        state=raw.get("state"),
        inbox=tuple(entry["id"] for entry in raw.get("inbox", ())),
        unsent=tuple(event["id"] for event in raw.get("outbox", ())),
        blocked=len(raw.get("blocked", ())),
    )


def record_in(raw: Any) -> Record:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    try:
        received = read(raw)
    except Poison:
        received = None
    return Record(
        position=position_of(raw),
        at=moment(raw.timestamp),
        key=(raw.key or b"").decode("utf-8", "replace"),
        id=headers.get("ce_id", ""),
        type=headers.get("ce_type", ""),
        cause=headers.get("ce_causationid", ""),
        digest=received.digest if received else b"",
        received=received,
    )


def letter_in(raw: Any) -> Letter:
    told = {name: value.decode() for name, value in raw.headers if name.startswith("dlq-") and value is not None}
    position = Position(told["dlq-topic"], int(told["dlq-partition"]), int(told["dlq-offset"]))
    return Letter(told["dlq-group"], position, told["dlq-reason"])


async def behind(kafka: str, *groups: str, ends: Places | None = None) -> list[Behind]:
    """What each group has not taken yet of what it reads: of these groups, or of all."""
    if ends is None:
        async with WholeLog(kafka) as log:
            ends = await log.ends()
    found: list[Behind] = []
    async with admin_client(kafka) as admin:
        for group in groups or READS:
            taken = await admin.list_consumer_group_offsets(group)
            for tp, end in ends.items():
                at = taken[tp].offset if tp in taken else 0
                if tp.topic in READS[group] and end > at:
                    found.append(Behind(group, tp.topic, tp.partition, end - at))
    return found


def _is_uuid(text: str) -> bool:
    with suppress(ValueError):
        UUID(text)
        return True
    return False
