"""Saying events: one idempotent producer, many sends in flight, each batch of them awaited by its future.

`flush()` is never trusted: it returns normally when sends failed.
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
    Acknowledged,
    ProducerRecord,
    RecordMetadata,
    SentBatch,
    enqueue,
    landed,
    parts,
)
from services.common.messaging.producer.in_flight_limit import InFlightLimit

if TYPE_CHECKING:
    from services.common.store import OutboxEntry

log = structlog.get_logger()

SEND_TIMEOUT: Final = 5.0
"""Seconds a send may stay unacknowledged before the broker counts as away."""

HANGS_AFTER: Final = 3
"""Time limits that a request may stay unanswered, while the broker answers others, before the producer counts as hung."""

STOP_WITHIN: Final = 2.0
"""Seconds a producer has to end in order: with a frozen broker the library waits for ever."""

MAX_REQUEST: Final = 17 * 1024 * 1024
"""Bytes: a dead letter of 16 MiB and its headers."""

_BROKEN: Final = (OutOfOrderSequenceNumber, ProducerFenced, ProducerClosed)


class Publisher:
    """An `AIOKafkaProducer` that is replaced when it breaks, and never asked for more while it is stuck."""

    def __init__(self, url: str, *, client_id: str, timeout: float = SEND_TIMEOUT) -> None:
        self._url = url
        self._client_id = client_id
        self._timeout = timeout
        self._producer: AIOKafkaProducer | None = None
        self._topics: frozenset[str] = frozenset()
        self._stuck: dict[Acknowledged, float] = {}  # when each of the sends that timed out began
        self._in_flight = InFlightLimit()
        self._starting = asyncio.Lock()
        self._abandoned: asyncio.Task[None] | None = None
        self._acknowledged = False
        self._no_metadata_since: float | None = None
        self._broker_away_at = 0.0

    async def start(self) -> None:
        """Connect. Raises `BrokerUnavailable`; may be called again."""
        async with self._starting:
            if self._producer is None:
                self._producer = await self._connected()

    async def _connected(self) -> AIOKafkaProducer:
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
            await stop_producer(producer, STOP_WITHIN)
            raise BrokerUnavailable(f"no connection ({type(error).__name__})") from None
        except asyncio.CancelledError:
            self._abandoned = asyncio.create_task(stop_producer(producer, STOP_WITHIN))
            raise
        return producer

    async def stop(self) -> None:
        if self._abandoned:
            await asyncio.wait([self._abandoned])
        await self._drop()

    async def _drop(self) -> None:
        """Stop the producer there is. What it owes may never be acknowledged, and takes no room from the next one."""
        producer, self._producer = self._producer, None
        self._stuck, self._in_flight = {}, InFlightLimit()
        self._acknowledged, self._no_metadata_since = False, None
        if producer is not None:
            await stop_producer(producer, STOP_WITHIN)

    async def probe(self) -> None:
        """Ask the broker for any sign of life. Raises `BrokerUnavailable`."""
        await self._metadata()

    async def broker_answers(self) -> bool:
        """Whether the broker answers on a new connection, whatever has become of those that we have."""
        try:
            producer = await self._connected()
        except BrokerUnavailable:
            return False
        await stop_producer(producer, STOP_WITHIN)
        return True

    async def hangs(self) -> bool:
        """Whether the broker has left this producer without an answer for too long, while it answered others.

        The client library never gives up what it has queued, so that only a new process helps. A producer that has never
        been acknowledged does not hang: then the broker may be up and take no records, and a new process would not help.
        """
        if self._no_metadata_since is not None:
            with suppress(BrokerUnavailable):
                await self._metadata()
        since = [began for acknowledged, began in self._stuck.items() if not acknowledged.done()]
        since += [self._no_metadata_since] if self._no_metadata_since is not None else []
        if not since or not self._acknowledged:
            return False
        if not await self.broker_answers():
            self._broker_away_at = _now()
        return _now() - max(min(since), self._broker_away_at) > HANGS_AFTER * self._timeout

    async def require(self, topics: set[str]) -> None:
        """Raise `TopicMissing` for one that does not exist; asked before anything is saved that names it."""
        if topics <= self._topics:
            return
        self._topics = frozenset(await self._metadata())
        for topic in sorted(topics - self._topics):
            raise TopicMissing(topic)

    async def _metadata(self) -> set[str]:
        """The topics there are."""
        began = _now()
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._running()
                cluster = await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError) as error:
            self._note_no_metadata(began)
            raise BrokerUnavailable(f"no metadata ({type(error).__name__})") from None
        self._no_metadata_since = None
        return set(cluster.topics())

    def _note_no_metadata(self, began: float) -> None:
        if self._no_metadata_since is None:
            self._no_metadata_since = began

    async def send(self, events: Sequence["OutboxEntry"]) -> None:
        """Send `events`, in order within a partition, and return once the broker has acknowledged each of them.

        Raises `BrokerUnavailable` when one is not acknowledged in time; it may land all the same. Raises `TopicMissing`.

        Much goes in parts, one after the other. Each is sent within one time limit: connecting, waiting for room and for
        what is stuck, the sends and their acknowledgements.
        """
        for part in parts([ProducerRecord.of(event) for event in events]):
            await self._send_part(part)

    async def append(self, records: Sequence[ProducerRecord]) -> list[RecordMetadata]:
        """Send `records` as they are; where each landed. Raises as `send` does."""
        found: list[RecordMetadata] = []
        for part in parts(records):
            found += landed(await self._send_part(part))
        return found

    async def _send_part(self, part: Sequence[ProducerRecord]) -> list[SentBatch]:
        began, sent = _now(), list[SentBatch]()
        producer: AIOKafkaProducer | None = None
        in_flight, size = self._in_flight, sum(record.size for record in part)
        entered = False
        try:
            async with asyncio.timeout(self._timeout):
                await in_flight.acquire(len(part), size)
                entered = True
                producer = await self._running()
                if self._stuck:
                    await self._unstuck()
                await enqueue(producer, part, sent)
                # A wait that is given up gives up no send: an acknowledgement may still come.
                await asyncio.wait([each.acknowledged for each in sent])
            for each in sent:
                each.acknowledged.result()
            self._acknowledged = True
            return sent
        except (KafkaError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and producer is self._producer and not sent:
                # A record is queued as soon as it is known where its topic lies.
                self._note_no_metadata(began)
            await self._failed(error, producer)
        finally:
            pending = [each.acknowledged for each in sent if not each.acknowledged.done()]
            if producer is self._producer:
                self._stuck.update(dict.fromkeys(pending, began))
            if entered:
                in_flight.release_after(pending, len(part), size)

    async def _unstuck(self) -> None:
        """An idempotent producer never gives a send up: asking for it again would only queue it twice."""
        await asyncio.wait(self._stuck)
        self._stuck = {future: began for future, began in self._stuck.items() if not future.done()}

    async def _failed(self, error: KafkaError | TimeoutError, producer: AIOKafkaProducer | None) -> NoReturn:
        if isinstance(error, TopicAuthorizationFailedError | InvalidTopicError):
            raise TopicMissing(str(error.args[0]) if error.args else "unknown") from None
        if isinstance(error, MessageSizeTooLargeError):
            # Never an outage: it would be tried for ever. What we say is checked against far less before it is saved.
            raise error
        # Once the library's sender task has failed, every send raises a bare `KafkaError`, for ever.
        broken = isinstance(error, _BROKEN) or type(error) is KafkaError
        # Another send may have replaced it already.
        if broken and producer is self._producer:
            log.error("producer replaced", because=type(error).__name__)
            await self._drop()
        raise BrokerUnavailable(f"a send was not acknowledged ({type(error).__name__})") from None

    async def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            await self.start()
        assert self._producer is not None
        return self._producer


def _now() -> float:
    return asyncio.get_running_loop().time()
