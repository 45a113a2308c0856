"""Records on their way into the client library: one alone joins what others send, several make batches of their own.

Its `send` takes a future, a wait and several look-ups for each record; a batch takes them once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from services.common.messaging.producer import partitions
from services.common.messaging.producer.in_flight_limit import MOST_BYTES, MOST_RECORDS

if TYPE_CHECKING:
    from services.common.store import OutboxEntry

AROUND: Final = 1024
"""Bytes counted for what a record of ours has beside its value."""

Headers = Sequence[tuple[str, bytes | None]]
Acknowledged = asyncio.Future[Any]


class ProducerRecord(NamedTuple):
    """A record as it goes to the broker, byte for byte; null headers are kept. Without a partition, its key says which.

    `around` is how many bytes it has beside its value.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None
    around: int = AROUND

    @classmethod
    def of(cls, event: "OutboxEntry") -> "ProducerRecord":
        """The record that `event` is sent as."""
        headers = [(name, value.encode()) for name, value in event.headers.items()]
        return cls(event.topic, event.key.encode(), event.value, headers)

    @property
    def size(self) -> int:
        """Bytes that it takes in memory and on its way."""
        return len(self.value or b"") + self.around


class RecordMetadata(NamedTuple):
    """Where a record lies, and since when. A repeated send that the broker recognised has the offset -1."""

    topic: str
    partition: int
    offset: int
    at: datetime


class SentBatch(NamedTuple):
    """Records of one partition that are acknowledged together: those at `places` of what was enqueued."""

    acknowledged: Acknowledged
    places: Sequence[int]

    def landed(self) -> Iterator[tuple[int, RecordMetadata]]:
        """The place of each, and where it lies. Raises what became of them, if they did not land."""
        first = self.acknowledged.result()
        at = _moment(first.timestamp)
        for after, place in enumerate(self.places):
            offset = first.offset + after if first.offset >= 0 else -1
            yield place, RecordMetadata(first.topic, first.partition, offset, at)


def landed(sent: Sequence[SentBatch]) -> list[RecordMetadata]:
    """Where each record lies, in the order in which they were enqueued. Raises what became of them, if they did not land."""
    return [where for _, where in sorted(chain.from_iterable(each.landed() for each in sent))]


def parts(records: Sequence[ProducerRecord]) -> Iterator[Sequence[ProducerRecord]]:
    """`records` in order, in parts that leave room for somebody else's."""
    begin, size = 0, 0
    for place, record in enumerate(records):
        size += record.size
        if place > begin and (size > MOST_BYTES // 2 or place - begin == MOST_RECORDS // 2):
            yield records[begin:place]
            begin, size = place, record.size
    if records:
        yield records[begin:]


async def enqueue(producer: AIOKafkaProducer, records: Sequence[ProducerRecord], sent: list[SentBatch]) -> None:
    """Queue `records`, in order within each partition. `sent` has what was queued, also if this is given up half-way."""
    if len(records) == 1:
        topic, key, value, headers, partition, _ = records[0]
        future = await producer.send(topic, value=value, key=key, headers=list(headers), partition=partition)
        sent.append(SentBatch(future, (0,)))
        return
    for (topic, where), places in (await _by_partition(producer, records)).items():
        for batch, filled in _batches(producer, records, places):
            future = await producer.send_batch(batch, topic, partition=where)
            sent.append(SentBatch(future, filled))


def _batches(
    producer: AIOKafkaProducer, records: Sequence[ProducerRecord], places: Sequence[int]
) -> Iterator[tuple[BatchBuilder, list[int]]]:
    """Each with the places of what it holds. The first record of a batch fits, however large it is."""
    batch, filled = producer.create_batch(), list[int]()
    for place in places:
        _, key, value, headers, *_ = records[place]
        about = {"timestamp": None, "key": key, "value": value, "headers": list(headers)}
        if batch.append(**about) is None:
            yield batch, filled
            batch, filled = producer.create_batch(), []
            first = batch.append(**about)
            assert first is not None
        filled.append(place)
    yield batch, filled


async def _by_partition(
    producer: AIOKafkaProducer, records: Sequence[ProducerRecord]
) -> Mapping[tuple[str, int], list[int]]:
    there = {topic: sorted(await producer.partitions_for(topic)) for topic in {record.topic for record in records}}
    places: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, (topic, key, _, _, partition, _) in enumerate(records):
        where = partitions.by_key(key, there[topic], ()) if partition is None else partition
        places[topic, where].append(place)
    return places


def _moment(stamp: int | None) -> datetime:
    """The broker's append time; a repeated send that it recognised as a duplicate is acknowledged without one."""
    return datetime.fromtimestamp(stamp / 1000, UTC) if stamp and stamp > 0 else datetime.now(UTC)
