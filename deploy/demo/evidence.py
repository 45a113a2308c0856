"""What really happened, read where it lies: in the log, in intake's book, in the folder of mails."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy import topics as declared
from deploy.demo.cases import Case
from deploy.demo.client import Entry
from services.common.contracts import Event
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from services.common.messaging.records.reader import read
from services.common.store import connect, database, disconnect, translate_store_errors

INTAKE_DATABASE: Final = "postigo_intake"
STILL_SECONDS: Final = 1.0
"""When nothing was appended for as long, nothing more is on its way."""

READ_WITHIN_SECONDS: Final = 30.0
REFERENCE: Final = re.compile(r"PO-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]")

Places = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Aside:
    """A record that nobody applied: a dead letter, or one that cannot be read."""

    topic: str
    request_id: UUID


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that left. `delivery_id` is what its Message-ID begins with."""

    delivery_id: str
    to: str
    reference: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the author of a request last saw of it."""

    state: str = "unknown"
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was appended, booked, mailed and shown since a run began. Facts of others are among it.

    `booked`: reference and request id of each entry of intake's book that is about the run. `shown` by reference.
    """

    records: Sequence[Received[Any]] = ()
    aside: Sequence[Aside] = ()
    booked: Sequence[tuple[str, UUID]] = ()
    mails: Sequence[Mail] = ()
    shown: Mapping[str, Page] = field(default_factory=dict)


class Log:
    """Every declared topic, read without a group: nobody's offsets move."""

    def __init__(self, url: str) -> None:
        # The timestamps are the broker's, and gone records are no surprise here: it begins where a run began.
        self._consumer: Any = AIOKafkaConsumer(bootstrap_servers=url, enable_auto_commit=False)
        self._all = [
            TopicPartition(topic.name, number) for topic in declared.load() for number in range(topic.partitions)
        ]

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        # So that all partitions are looked up at once, and not one by one when they are asked for.
        self._consumer.assign(self._all)
        self._consumer.pause(*self._all)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self) -> Places:
        """Where the next record of each partition will lie."""
        ends: Places = await self._consumer.end_offsets(self._all)
        return ends

    async def still(self, within: float) -> Places:
        """The ends, once nothing more is appended; what they are after `within` seconds, should others go on."""
        ends = await self.ends()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while True:
                    await asyncio.sleep(STILL_SECONDS)
                    before, ends = ends, await self.ends()
                    if ends == before:
                        break
        return ends

    async def between(self, begin: Places, end: Places) -> tuple[list[Received[Event]], list[Aside]]:
        """What was appended from `begin` to `end`: events, and what cannot be one. Raises TimeoutError."""
        moved = {tp: offset for tp, offset in end.items() if offset > begin[tp]}
        events: list[Received[Event]] = []
        aside: list[Aside] = []
        if moved:
            async with asyncio.timeout(READ_WITHIN_SECONDS):
                for record in await self._records(begin, moved):
                    _sort(record, events, aside)
        return events, aside

    async def _records(self, begin: Places, end: Places) -> list[Any]:
        self._consumer.assign(list(end))
        for tp in end:
            self._consumer.seek(tp, begin[tp])
        records: list[Any] = []
        waiting = set(end)
        while waiting:
            batch = await self._consumer.getmany(*waiting, timeout_ms=500)
            records += [record for tp, found in batch.items() for record in found if record.offset < end[tp]]
            waiting = {tp for tp in waiting if await self._consumer.position(tp) < end[tp]}
        return records


def _sort(record: Any, events: list[Received[Event]], aside: list[Aside]) -> None:
    try:
        if ".dlq." in record.topic:
            raise Poison("dead-letter")
        events.append(read(record))
    except Poison:
        # Without a request's id as its key it is nobody's request.
        with suppress(ValueError):
            aside.append(Aside(record.topic, UUID((record.key or b"").decode("ascii", "replace"))))


async def booked(
    mongo_url: str, cases: Sequence[Case], intake_database: str = INTAKE_DATABASE
) -> list[tuple[str, UUID]]:
    """Reference and request id of every entry of intake's book under one of the cases' references or ids."""
    client = connect(mongo_url)
    book = database(client, intake_database)["requests"]
    wanted = [
        {"_id": {"$in": [case.reference for case in cases]}},
        {"state.request_id": {"$in": [case.request_id for case in cases]}},
    ]
    try:
        with translate_store_errors():
            found = await book.find({"$or": wanted}, {"state.request_id": 1}).to_list(None)
    finally:
        await disconnect(client)
    return [(entry["_id"], entry["state"]["request_id"]) for entry in found if entry.get("state")]


def mails_in(folder: Path, but: frozenset[str] = frozenset()) -> list[Mail]:
    """The mails in `folder`, without the files named in `but`."""
    return [_mail(file) for file in sorted(folder.glob("*.eml")) if file.name not in but]


def mail_names(folder: Path) -> frozenset[str]:
    return frozenset(file.name for file in folder.glob("*.eml"))


def _mail(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    reference = REFERENCE.search(str(message["Subject"]))
    identifier = str(message["Message-ID"]).strip("<> ").partition("@")[0]
    return Mail(identifier, str(message["Delivered-To"]), reference[0] if reference else "")
