"""Saying events: one idempotent producer, many sends in flight, each batch of them awaited by its future.

`flush()` is never trusted: it returns normally when sends failed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

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

from services.common.errors import BrokerAway, TopicMissing
from services.common.messaging import partitions
from services.common.messaging.producing import Acknowledged, Landed, ProducerRecord, SentBatch, enqueue, landed, parts
from services.common.messaging.room import Room, all_done

if TYPE_CHECKING:
    from services.common.store import Outgoing

log = structlog.get_logger()

SEND_TIMEOUT: Final = 5.0
"""Seconds a send may stay unacknowledged before the broker counts as away."""

PATIENCE: Final = 2
"""Time limits without one acknowledgement after which a producer makes way for one that the broker answers."""

STOP_WITHIN: Final = 2.0
"""Seconds a producer has to end in order: with a frozen broker the library waits for ever."""

MAX_REQUEST: Final = 17 * 1024 * 1024
"""Bytes: a dead letter of 16 MiB and its headers."""

_BROKEN: Final = (OutOfOrderSequenceNumber, ProducerFenced, ProducerClosed)


class Silence(NamedTuple):
    """Since when no send was acknowledged, and when that was last noticed; times of the loop, in seconds."""

    first: float
    last: float


class Publisher:
    """An `AIOKafkaProducer` that is replaced when it breaks, and never asked for more while it is stuck."""

    def __init__(self, url: str, *, client_id: str, timeout: float = SEND_TIMEOUT) -> None:
        self._url = url
        self._client_id = client_id
        self._timeout = timeout
        self._producer: AIOKafkaProducer | None = None
        self._topics: frozenset[str] = frozenset()
        self._stuck: set[Acknowledged] = set()
        self._room = Room()
        self._starting = asyncio.Lock()
        self._abandoned: asyncio.Task[None] | None = None
        self._answered = False
        self._silence: Silence | None = None
        self._replacing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect. Raises `BrokerAway`; may be called again."""
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
            await _stopped(producer)
            raise BrokerAway(f"no connection ({type(error).__name__})") from None
        except asyncio.CancelledError:
            self._abandoned = asyncio.create_task(_stopped(producer))
            raise
        return producer

    async def stop(self) -> None:
        if under_way := [task for task in (self._replacing, self._abandoned) if task]:
            await asyncio.wait(under_way)
        await self._drop()

    async def _drop(self) -> None:
        """Stop the producer there is. What it owes may never be acknowledged, and takes no room from the next one."""
        producer, self._producer = self._producer, None
        self._stuck, self._room = set(), Room()
        self._answered, self._silence = False, None
        if producer is not None:
            await _stopped(producer)

    async def probe(self) -> None:
        """Ask the broker for any sign of life. Raises `BrokerAway`."""
        await self._metadata()

    async def require(self, topics: set[str]) -> None:
        """Raise `TopicMissing` for one that does not exist; asked before anything is saved that names it."""
        if topics <= self._topics:
            return
        self._topics = frozenset(await self._metadata())
        for topic in sorted(topics - self._topics):
            raise TopicMissing(topic)

    async def _metadata(self) -> set[str]:
        """The topics there are."""
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._running()
                cluster = await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError) as error:
            self._unanswered()
            raise BrokerAway(f"no metadata ({type(error).__name__})") from None
        return set(cluster.topics())

    async def send(self, events: Sequence["Outgoing"]) -> None:
        """Send `events`, in order within a partition, and return once the broker has acknowledged each of them.

        Raises `BrokerAway` when one is not acknowledged in time; it may land all the same. Raises `TopicMissing`.

        Much goes in parts, one after the other. Each is sent within one time limit: connecting, waiting for room and for
        what is stuck, the sends and their acknowledgements.
        """
        for part in parts([ProducerRecord.of(event) for event in events]):
            await self._send_part(part)

    async def append(self, records: Sequence[ProducerRecord]) -> list[Landed]:
        """Send `records` as they are; where each landed. Raises as `send` does."""
        found: list[Landed] = []
        for part in parts(records):
            found += landed(await self._send_part(part))
        return found

    async def _send_part(self, part: Sequence[ProducerRecord]) -> list[SentBatch]:
        sent: list[SentBatch] = []
        producer: AIOKafkaProducer | None = None
        room, size = self._room, sum(record.size for record in part)
        entered = False
        try:
            async with asyncio.timeout(self._timeout):
                await room.enter(len(part), size)
                entered = True
                producer = await self._running()
                if self._stuck:
                    await self._unstuck()
                await enqueue(producer, part, sent)
                # A wait that is given up gives up no send: an acknowledgement may still come.
                await all_done([each.acknowledged for each in sent])
            for each in sent:
                each.acknowledged.result()
            self._answered, self._silence = True, None
            return sent
        except (KafkaError, TimeoutError) as error:
            await self._failed(error, producer)
        finally:
            pending = [each.acknowledged for each in sent if not each.acknowledged.done()]
            if producer is self._producer:
                self._stuck.update(pending)
            if entered:
                room.leave_after(pending, len(part), size)

    async def _unstuck(self) -> None:
        """An idempotent producer never gives a send up: asking for it again would only queue it twice."""
        await all_done(self._stuck)
        self._stuck = {future for future in self._stuck if not future.done()}
        self._silence = None

    async def _failed(self, error: KafkaError | TimeoutError, producer: AIOKafkaProducer | None) -> NoReturn:
        if isinstance(error, TopicAuthorizationFailedError | InvalidTopicError):
            raise TopicMissing(str(error.args[0]) if error.args else "unknown") from None
        if isinstance(error, MessageSizeTooLargeError):
            # Never an outage: it would be tried for ever. What we say is checked against far less before it is saved.
            raise error
        # Another sender may have replaced it already.
        broken = isinstance(error, _BROKEN) or (producer is not None and _has_ended(producer))
        if broken and producer is self._producer:
            log.error("producer replaced", because=type(error).__name__)
            await self._drop()
        elif isinstance(error, TimeoutError) and producer in (None, self._producer):
            self._unanswered()
        raise BrokerAway(f"a send was not acknowledged ({type(error).__name__})") from None

    def _unanswered(self) -> None:
        """A time limit has passed. After some of them in a row, look whether the broker answers another producer."""
        if self._producer is None or not self._answered or (self._replacing and not self._replacing.done()):
            return
        now = asyncio.get_running_loop().time()
        patience = PATIENCE * self._timeout
        if self._silence is None or now - self._silence.last > patience:
            self._silence = Silence(now - self._timeout, now)
            return
        self._silence = Silence(self._silence.first, now)
        if now - self._silence.first > patience:
            self._replacing = asyncio.create_task(self._replace(self._producer))

    async def _replace(self, silent: AIOKafkaProducer) -> None:
        """Put one that the broker answers in the place of `silent`. If it answers none it is away: then all stays.

        One that was never answered is not replaced: it is the broker that takes nothing then. The old one ends first, so
        that what it still holds never lands behind what the next one says; what the broker has read of it already may, as a
        repetition under the same ids.
        """
        async with self._starting:
            try:
                fresh = await self._connected()
            except BrokerAway:
                self._silence = None
                return
            if silent is not self._producer or self._silence is None:
                await _stopped(fresh)
                return
            log.error("producer replaced", because="the broker answers others")
            await self._drop()
            self._producer = fresh

    async def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            await self.start()
        assert self._producer is not None
        return self._producer


def _has_ended(producer: AIOKafkaProducer) -> bool:
    """Whether the library's own sender has failed: then every send fails, at once and for ever, with whatever it was."""
    return bool(producer._sender.sender_task is None or producer._sender.sender_task.done())


async def _stopped(producer: AIOKafkaProducer) -> None:
    """Stop, in order or not: what it has not sent by then it never sends."""
    sender = producer._sender
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOP_WITHIN):
            await producer.stop()
            return
    # A connection with bytes that nobody takes never says that it is closed.
    await asyncio.wait([asyncio.create_task(producer.client.close())], timeout=STOP_WITHIN)
    # Cancelled once it waits for what it has under way, and cancels that when it is cancelled again.
    while sender.sender_task is not None and not sender.sender_task.done():
        sender.sender_task.cancel()
        await asyncio.wait([sender.sender_task], timeout=0.1)
