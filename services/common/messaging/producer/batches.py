"""Queues records in aiokafka: a single record by `send`, several as batches that we build.

`send` costs a future, a wait and several look-ups for each record; a batch costs them once.
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
from services.common.messaging.producer.in_flight_limit import MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT_RECORDS

if TYPE_CHECKING:
    from services.common.store import OutboxEntry

RECORD_OVERHEAD: Final = 1024
"""Bytes assumed for a record's key, headers and framing, besides its value."""

Headers = Sequence[tuple[str, bytes | None]]
Acknowledgement = asyncio.Future[Any]
"""Done when the broker has acknowledged a batch, or the send has failed."""


class ProducerRecord(NamedTuple):
    """A record to produce, byte for byte; null headers are kept. With `partition` None the key decides.

    `overhead` is its size in bytes without the value.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None
    overhead: int = RECORD_OVERHEAD

    @classmethod
    def of(cls, event: "OutboxEntry") -> "ProducerRecord":
        """The record that publishes `event`."""
        headers = [(name, value.encode()) for name, value in event.headers.items()]
        return cls(event.topic, event.key.encode(), event.value, headers)

    @property
    def size(self) -> int:
        """Approximate bytes in memory and on the network."""
        return len(self.value or b"") + self.overhead


class RecordMetadata(NamedTuple):
    """Where a record was appended, and when. The offset is -1 if the broker recognised a repeated send."""

    topic: str
    partition: int
    offset: int
    at: datetime


class SentBatch(NamedTuple):
    """Records of one partition that are acknowledged together. `indexes`: their indexes in the list that was sent."""

    acknowledgement: Acknowledgement
    indexes: Sequence[int]

    def metadata(self) -> Iterator[tuple[int, RecordMetadata]]:
        """The index and the metadata of each record. Raises the error of a failed send."""
        first = self.acknowledgement.result()
        at = _append_time(first.timestamp)
        for distance, index in enumerate(self.indexes):
            offset = first.offset + distance if first.offset >= 0 else -1
            yield index, RecordMetadata(first.topic, first.partition, offset, at)


def metadata_of(sent: Sequence[SentBatch]) -> list[RecordMetadata]:
    """The metadata of every record, in the order of the list that was sent. Raises the error of a failed send."""
    return [metadata for _, metadata in sorted(chain.from_iterable(each.metadata() for each in sent))]


def chunks(records: Sequence[ProducerRecord]) -> Iterator[Sequence[ProducerRecord]]:
    """Split `records`, in order, into chunks of at most half the in-flight limit, so that other senders get a turn."""
    start, size = 0, 0
    for index, record in enumerate(records):
        size += record.size
        if index > start and (size > MAX_IN_FLIGHT_BYTES // 2 or index - start == MAX_IN_FLIGHT_RECORDS // 2):
            yield records[start:index]
            start, size = index, record.size
    if records:
        yield records[start:]


async def enqueue(producer: AIOKafkaProducer, records: Sequence[ProducerRecord], sent: list[SentBatch]) -> None:
    """Queue `records`, in order within each partition. Each queued batch is appended to `sent`, also if this is cancelled."""
    if len(records) == 1:
        topic, key, value, headers, partition, _ = records[0]
        future = await producer.send(topic, value=value, key=key, headers=list(headers), partition=partition)
        sent.append(SentBatch(future, (0,)))
        return
    for (topic, partition), indexes in (await _by_partition(producer, records)).items():
        for batch, batch_indexes in _batches(producer, records, indexes):
            future = await producer.send_batch(batch, topic, partition=partition)
            sent.append(SentBatch(future, batch_indexes))


def _batches(
    producer: AIOKafkaProducer, records: Sequence[ProducerRecord], indexes: Sequence[int]
) -> Iterator[tuple[BatchBuilder, list[int]]]:
    """Full batches of one partition, each with the indexes of its records. A batch takes a first record of any size."""
    batch, batch_indexes = producer.create_batch(), list[int]()
    for index in indexes:
        _, key, value, headers, *_ = records[index]
        fields = {"timestamp": None, "key": key, "value": value, "headers": list(headers)}
        if batch.append(**fields) is None:
            yield batch, batch_indexes
            batch, batch_indexes = producer.create_batch(), []
            appended = batch.append(**fields)
            assert appended is not None
        batch_indexes.append(index)
    yield batch, batch_indexes


async def _by_partition(
    producer: AIOKafkaProducer, records: Sequence[ProducerRecord]
) -> Mapping[tuple[str, int], list[int]]:
    """(topic, partition) → indexes of its records."""
    topics = {record.topic for record in records}
    available = {topic: sorted(await producer.partitions_for(topic)) for topic in topics}
    indexes: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for index, (topic, key, _, _, given, _) in enumerate(records):
        partition = partitions.by_key(key, available[topic], ()) if given is None else given
        indexes[topic, partition].append(index)
    return indexes


def _append_time(milliseconds: int | None) -> datetime:
    """The broker's append time; now, if the broker recognised a repeated send and gave none."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds and milliseconds > 0 else datetime.now(UTC)
