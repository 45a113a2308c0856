"""Measures what works, in loops of its own: readers of the status cost nothing more, however many they are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from gateway.documents.client import DocumentsClient
from gateway.readiness import DependencyProbe
from gateway.status.broker import BrokerReader
from gateway.status.domain import Answer, Lag, Measurements, Part, PartName, State, advance, judge, overall
from gateway.status.progress import Progress
from gateway.status.samples import Registrations, RegistrationTimes, WaitingNotices
from gateway.worker.app import GROUP as VIEWS_GROUP
from services.common.contracts import topics
from services.common.contracts.lifecycle import RequestRegistered
from services.common.http.problems import Problem

log = structlog.get_logger()

NOTICES_GROUP: Final = "notifications"
"""The consumer group of notifications, as `deploy/topics.yaml` names it."""

TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.DELIVERIES)
VIEWS_READ: Final = (topics.INTAKE, topics.LIFECYCLE)
NOTICES_READ: Final = (topics.LIFECYCLE,)

JUDGED_EVERY: Final = 1.0
MEASURED_EVERY: Final = 5.0
COUNTED_EVERY: Final = 60.0
"""Seconds between two rounds of each loop."""

DAY: Final = timedelta(days=1)

_NOT_ORIGINAL: Final = frozenset({"dlq-redrive", "ce_quiet"})
"""Headers of records that are processed again, or that cause no notice."""


class Report(NamedTuple):
    """`received`: what people sent in the last 24 hours, requests and messages together; None if that is not known."""

    state: State
    parts: Mapping[PartName, Part]
    registration: RegistrationTimes | None
    received: int | None


class ServiceStatus:
    def __init__(self, probe: DependencyProbe, documents: DocumentsClient, broker: BrokerReader) -> None:
        self._probe = probe
        self._documents = documents
        self._broker = broker
        self._measured = Measurements()
        self._parts: dict[PartName, Part] = advance({}, judge(Measurements(), _now()), _now())
        self._views, self._notices = Progress(), Progress()
        self._registrations, self._waiting = Registrations(), WaitingNotices()
        self._read_until: dict[TopicPartition, int] = {}
        self._received: tuple[datetime, int] | None = None

    def report(self) -> Report:
        """What this replica knows. Measures nothing."""
        now = _now()
        is_counted = self._received is not None and now - self._received[0] < timedelta(seconds=3 * COUNTED_EVERY)
        received = self._received[1] if self._received is not None and is_counted else None
        return Report(overall(self._parts), self._parts, self._registrations.times(now), received)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_repeat(self._judge, JUDGED_EVERY))
            group.create_task(_repeat(self._measure_documents, MEASURED_EVERY))
            group.create_task(_repeat(self._measure_groups, MEASURED_EVERY))

    async def close(self) -> None:
        await self._broker.close()

    async def _judge(self) -> None:
        now = _now()
        self._measured = self._measured._replace(broker=self._probe.broker, store=self._probe.store)
        self._parts = advance(self._parts, judge(self._measured, now), now)

    async def _measure_documents(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            await self._documents.check()
        except Problem:
            seconds = None
        else:
            seconds = loop.time() - started
        self._measured = self._measured._replace(documents=Answer(_now(), seconds))

    async def _measure_groups(self) -> None:
        broker = self._probe.broker
        if broker is not None and broker.seconds is None:
            self._measured = self._measured._replace(views=None, notices=None)
            return
        try:
            await self._read_broker()
        # Whatever the client library raises: the gateway must not end because its status is not measured.
        except Exception as error:
            log.warning("groups not measured", because=type(error).__name__)
            self._measured = self._measured._replace(views=None, notices=None)
            await self._broker.close()

    async def _read_broker(self) -> None:
        # Noted before the ends: a record that is appended meanwhile may be behind them.
        now = _now()
        ends = await self._broker.ends()
        views, notices = await asyncio.gather(
            self._broker.committed(VIEWS_GROUP), self._broker.committed(NOTICES_GROUP)
        )
        self._views.note(now, _of(ends, VIEWS_READ), views)
        self._notices.note(now, _of(ends, NOTICES_READ), notices)
        for record in await self._broker.newest((topics.LIFECYCLE, topics.DELIVERIES), ends, self._read_until):
            self._sample(record)
        self._note_lags(_now())
        if self._received is None or now - self._received[0] >= timedelta(seconds=COUNTED_EVERY):
            self._received = now, await self._broker.appended_since(topics.INTAKE, now - DAY)

    def _note_lags(self, now: datetime) -> None:
        views, made = self._views.behind(now), self._notices.behind(now)
        sent = None if made is None else max(made, self._waiting.waiting(now))
        self._measured = self._measured._replace(
            views=None if views is None else Lag(now, views), notices=None if sent is None else Lag(now, sent)
        )

    def _sample(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Headers alone: what people wrote is not read."""
        appended_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        headers = dict(record.headers)
        if record.topic == topics.DELIVERIES:
            self._waiting.ended(appended_at)
        elif headers.get("ce_type") == RequestRegistered.TYPE.encode() and not _NOT_ORIGINAL & headers.keys():
            self._waiting.registered(appended_at)
            self._registrations.add(_time(headers.get("ce_time")) or appended_at, appended_at)


async def _repeat(step: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        await step()
        await asyncio.sleep(pause)


def _of(ends: Mapping[TopicPartition, int], read: tuple[str, ...]) -> dict[tuple[str, int], int]:
    return {tp: end for tp, end in ends.items() if tp.topic in read}


def _time(header: bytes | None) -> datetime | None:
    """The time in a header, such as `2026-03-02T09:15:00.000Z`; None if there is none, or no time."""
    try:
        return None if header is None else datetime.fromisoformat(header.decode())
    except ValueError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
