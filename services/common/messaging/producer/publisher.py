"""Publishes events: one idempotent producer, many sends in flight, and a future for the acknowledgement of each batch.

`flush()` is not used, because it returns normally even if sends failed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    TopicAuthorizationFailedError,
)

from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.messaging.aiokafka_compat import stop_producer
from services.common.messaging.producer import partitions
from services.common.messaging.producer.batches import (
    Acknowledgement,
    ProducerRecord,
    RecordMetadata,
    SentBatch,
    chunks,
    enqueue,
    metadata_of,
)
from services.common.messaging.producer.in_flight_limit import InFlightLimit

if TYPE_CHECKING:
    from services.common.store import OutboxEntry

log = structlog.get_logger()

SEND_TIMEOUT: Final = 5.0
"""Seconds without an acknowledgement after which the broker counts as unavailable."""

HANGS_AFTER: Final = 3
"""The producer counts as hung if a request is unanswered for this many timeouts while the broker answers others."""

STOP_TIMEOUT: Final = 2.0
"""Seconds for a clean stop of the producer: if the broker does not answer, aiokafka waits forever."""

MAX_REQUEST: Final = 17 * 1024 * 1024
"""Maximum bytes of a request: a dead letter of 16 MiB, and its headers."""

_BROKEN: Final = (OutOfOrderSequenceNumber, ProducerFenced, ProducerClosed)


class Publisher:
    """Publishes through an `AIOKafkaProducer`, and replaces it when it breaks.

    aiokafka never gives up a queued record. While sends that timed out are unacknowledged, no other send is queued
    behind them.
    """

    def __init__(self, url: str, *, client_id: str, timeout: float = SEND_TIMEOUT) -> None:
        self._url = url
        self._client_id = client_id
        self._timeout = timeout
        self._producer: AIOKafkaProducer | None = None
        self._topics: frozenset[str] = frozenset()
        # Sends that timed out and may still be acknowledged, with their start times.
        self._overdue: dict[Acknowledgement, float] = {}
        self._in_flight = InFlightLimit()
        self._starting = asyncio.Lock()
        self._cleanup: asyncio.Task[None] | None = None
        self._ever_acknowledged = False
        self._no_metadata_since: float | None = None
        self._broker_unavailable_at = 0.0

    async def start(self) -> None:
        """Connect. Raises `BrokerUnavailable`; may be called again."""
        async with self._starting:
            if self._producer is None:
                self._producer = await self._connect()

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._url,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            partitioner=partitions.by_key,
            linger_ms=0,
            max_batch_size=131_072,
            max_request_size=MAX_REQUEST,
            request_timeout_ms=round(self._timeout * 1000),
            retry_backoff_ms=50,
        )
        try:
            async with asyncio.timeout(self._timeout):
                await producer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await stop_producer(producer, STOP_TIMEOUT)
            raise BrokerUnavailable(f"no connection ({type(error).__name__})") from None
        except asyncio.CancelledError:
            self._cleanup = asyncio.create_task(stop_producer(producer, STOP_TIMEOUT))
            raise
        return producer

    async def stop(self) -> None:
        """Stop the producer. Records not acknowledged within two seconds may not be sent."""
        if self._cleanup:
            await asyncio.wait([self._cleanup])
        await self._discard_producer()

    async def _discard_producer(self) -> None:
        """Stop the current producer. Its unacknowledged records do not count against the next producer's limit."""
        producer, self._producer = self._producer, None
        self._overdue, self._in_flight = {}, InFlightLimit()
        self._ever_acknowledged, self._no_metadata_since = False, None
        if producer is not None:
            await stop_producer(producer, STOP_TIMEOUT)

    async def probe(self) -> None:
        """Check that the broker answers. Raises `BrokerUnavailable`."""
        await self._fetch_topics()

    async def broker_answers(self) -> bool:
        """Whether the broker answers on a new connection, independent of the existing ones."""
        try:
            producer = await self._connect()
        except BrokerUnavailable:
            return False
        await stop_producer(producer, STOP_TIMEOUT)
        return True

    async def hangs(self) -> bool:
        """Whether this producer gets no answer, although the broker answers on other connections.

        aiokafka never gives up its queued records, so only a new process helps. A producer that was never acknowledged
        does not count as hung: the broker may accept no records at all, and a new process would not help.
        """
        if self._no_metadata_since is not None:
            with suppress(BrokerUnavailable):
                await self._fetch_topics()
        since = [started for acknowledgement, started in self._overdue.items() if not acknowledgement.done()]
        since += [self._no_metadata_since] if self._no_metadata_since is not None else []
        if not since or not self._ever_acknowledged:
            return False
        if not await self.broker_answers():
            self._broker_unavailable_at = _now()
        return _now() - max(min(since), self._broker_unavailable_at) > HANGS_AFTER * self._timeout

    async def require(self, topics: set[str]) -> None:
        """Raise `TopicMissing` for a topic that does not exist. Call this before saving events for these topics."""
        if topics <= self._topics:
            return
        self._topics = frozenset(await self._fetch_topics())
        for topic in sorted(topics - self._topics):
            raise TopicMissing(topic)

    async def _fetch_topics(self) -> set[str]:
        """The names of all topics. Raises `BrokerUnavailable`."""
        started = _now()
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._get_producer()
                cluster = await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError) as error:
            self._note_no_metadata(started)
            raise BrokerUnavailable(f"no metadata ({type(error).__name__})") from None
        self._no_metadata_since = None
        return set(cluster.topics())

    def _note_no_metadata(self, started: float) -> None:
        if self._no_metadata_since is None:
            self._no_metadata_since = started

    async def send(self, events: Sequence["OutboxEntry"]) -> None:
        """Publish `events`, in order within a partition. Returns once the broker has acknowledged all of them.

        Raises `BrokerUnavailable` if an event is not acknowledged in time; it may be appended nevertheless. Raises
        `TopicMissing`.

        Many events are sent in chunks, one after the other. The timeout covers all steps of one chunk: connecting,
        waiting for the in-flight limit and for overdue sends, queueing, and the acknowledgements.
        """
        for chunk in chunks([ProducerRecord.of(event) for event in events]):
            await self._send_chunk(chunk)

    async def append(self, records: Sequence[ProducerRecord]) -> list[RecordMetadata]:
        """Send `records` unchanged. Returns where each was appended. Raises as `send` does."""
        metadata: list[RecordMetadata] = []
        for chunk in chunks(records):
            metadata += metadata_of(await self._send_chunk(chunk))
        return metadata

    async def _send_chunk(self, chunk: Sequence[ProducerRecord]) -> list[SentBatch]:
        started, sent = _now(), list[SentBatch]()
        producer: AIOKafkaProducer | None = None
        in_flight, size = self._in_flight, sum(record.size for record in chunk)
        acquired = False
        try:
            async with asyncio.timeout(self._timeout):
                await in_flight.acquire(len(chunk), size)
                acquired = True
                producer = await self._get_producer()
                if self._overdue:
                    await self._wait_for_overdue()
                await enqueue(producer, chunk, sent)
                # `wait` does not cancel the futures when it times out: an acknowledgement may still arrive.
                await asyncio.wait([each.acknowledgement for each in sent])
            for each in sent:
                each.acknowledgement.result()
            self._ever_acknowledged = True
            return sent
        except (KafkaError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and producer is self._producer and not sent:
                # aiokafka queues a record once it has the topic's metadata: nothing queued means no metadata.
                self._note_no_metadata(started)
            await self._raise_failure(error, producer)
        finally:
            pending = [each.acknowledgement for each in sent if not each.acknowledgement.done()]
            if producer is self._producer:
                self._overdue.update(dict.fromkeys(pending, started))
            if acquired:
                in_flight.release_after(pending, len(chunk), size)

    async def _wait_for_overdue(self) -> None:
        """Wait for overdue sends. An idempotent producer never gives them up: sending again would queue them twice."""
        await asyncio.wait(self._overdue)
        self._overdue = {future: started for future, started in self._overdue.items() if not future.done()}

    async def _raise_failure(self, error: KafkaError | TimeoutError, producer: AIOKafkaProducer | None) -> NoReturn:
        if isinstance(error, TopicAuthorizationFailedError | InvalidTopicError):
            raise TopicMissing(str(error.args[0]) if error.args else "unknown") from None
        if isinstance(error, MessageSizeTooLargeError):
            # Not an outage, which would be retried forever. The size of our own events is checked before they are saved.
            raise error
        # Once aiokafka's sender task has failed, every send raises a bare `KafkaError`.
        broken = isinstance(error, _BROKEN) or type(error) is KafkaError
        # Another send may have replaced the producer already.
        if broken and producer is self._producer:
            log.error("producer replaced", because=type(error).__name__)
            await self._discard_producer()
        raise BrokerUnavailable(f"a send was not acknowledged ({type(error).__name__})") from None

    async def _get_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            await self.start()
        assert self._producer is not None
        return self._producer


def _now() -> float:
    return asyncio.get_running_loop().time()
