"""What the topics say about each request: its facts, the inbox of its departments, and their rejected commands."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.topics import load
from services.common.contracts import topics
from services.common.messaging.producer.partitions import partition_of
from tests.integration.life.expected import Fact, Rejection
from tests.support.topics import header

T = TypeVar("T")

PATIENCE: Final = 30.0
"""Seconds to wait for what must come."""


class Published(NamedTuple):
    """A fact, its `ce_id` and its data."""

    fact: Fact
    id: str
    data: dict[str, Any]


@dataclass
class Heard:
    """What the topics said about one request, in order. `alarms` are those to screening."""

    facts: list[Published] = field(default_factory=list)
    inbox: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    alarms: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def latest(self) -> dict[str, Any]:
        """The latest inbox event."""
        return self.inbox[-1][1]

    def summary(self) -> str:
        inbox = [(kind, data["number"], data["as_of"]) for kind, data in self.inbox]
        return f"{[tuple(each.fact) for each in self.facts]}\n{inbox}\n{self.rejections}, {self.alarms} alarms"


class Streams:
    def __init__(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        self._consumer = consumer
        self._next = dict.fromkeys(partitions, 0)
        self._heard: defaultdict[str, Heard] = defaultdict(Heard)
        self._ended: set[str] = set()
        self._ids: set[tuple[str, str]] = set()
        self._advanced = asyncio.Event()
        self._failure: BaseException | None = None

    def about(self, request_id: str) -> Heard:
        return self._heard[request_id]

    def end(self, request_id: str) -> None:
        """Forget a request. Anything more about it fails whatever is waited for."""
        del self._heard[request_id]
        self._ended.add(request_id)

    async def until(self, request_id: str, probe: Callable[[Heard], T | None]) -> T:
        """The first result of `probe` that is not None. It is called again whenever there is news of the request."""
        heard = self.about(request_id)
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := probe(heard)) is None:
                    self.require_sound()
                    heard.news.clear()
                    await heard.news.wait()
                self.require_sound()
                return found
        except TimeoutError:
            raise AssertionError(f"nothing more came about {request_id}: {heard.summary()}") from None

    def require_sound(self) -> None:
        """Raises the error with which the reading ended."""
        if self._failure is not None:
            raise self._failure

    async def catch_up(self, request_id: str) -> None:
        """Wait until all facts are read that are published now."""
        part = TopicPartition(topics.LIFECYCLE, partition_of(request_id))
        end = (await self._consumer.end_offsets([part]))[part]
        async with asyncio.timeout(PATIENCE):
            while self._next[part] < end:
                self.require_sound()
                await self._advanced.wait()

    async def read(self) -> None:
        try:
            while True:
                for part, records in (await self._consumer.getmany(timeout_ms=1_000)).items():
                    for record in records:
                        self._take(record)
                    self._next[part] = records[-1].offset + 1
                    for key in {(record.key or b"").decode() for record in records}:
                        self.about(key).news.set()
                self._wake()
        except BaseException as error:
            self._failure = error
            for heard in self._heard.values():
                heard.news.set()
            self._wake()
            raise

    def _wake(self) -> None:
        self._advanced.set()
        self._advanced = asyncio.Event()

    def _take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        # A service repeats a record under its id when the broker was too slow to acknowledge it: every reader drops that.
        id = header(record, "ce_id") or ""
        if (record.topic, id) in self._ids:
            return
        self._ids.add((record.topic, id))
        request_id, data = (record.key or b"").decode(), json.loads(record.value or b"{}")
        heard = self.about(request_id)
        assert request_id not in self._ended, f"said after its end: {record}"
        kind = (header(record, "ce_type") or "").split(".", 3)[-1].removesuffix(".v1")
        if record.topic == topics.LIFECYCLE:
            heard.facts.append(Published(_fact(kind, data), id, data))
        elif kind == "transferred-often":
            heard.alarms += 1
        elif record.topic == topics.inbox(data["department"]):
            # A transfer tells two departments, on two topics.
            heard.inbox.append((kind, data))
            heard.inbox.sort(key=lambda each: int(each[1]["number"]))
        else:
            heard.rejections.append(Rejection(data["command_id"], data["code"], data["catch_up_to"]))


def _fact(kind: str, data: dict[str, Any]) -> Fact:
    if kind == "act-refused" and data["command"]:
        return Fact("command-refused", data["command"]["id"], data["code"])
    cause = data.get("command_id") or data.get("act_id") or data.get("document_id")
    return Fact(kind, cause, data.get("code"))


@asynccontextmanager
async def streams(url: str, departments: Iterable[str]) -> AsyncIterator[Streams]:
    """Read everything from the beginning, until the block ends. Without a group: nothing is committed."""
    wanted = {topics.LIFECYCLE}
    wanted |= {name(code) for code in departments for name in (topics.inbox, topics.rejections)}
    partitions = [
        TopicPartition(topic.name, number)
        for topic in load()
        if topic.name in wanted
        for number in range(topic.partitions)
    ]
    consumer = AIOKafkaConsumer(bootstrap_servers=url, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    consumer.assign(partitions)
    reading = Streams(consumer, partitions)
    task = asyncio.create_task(reading.read())
    try:
        yield reading
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await consumer.stop()
