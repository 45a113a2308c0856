"""What no setting and no public call of aiokafka or FastStream can do: private parts of the libraries are used here alone.

Each entry says why, and what is known upstream. Their minor versions are pinned.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

UNREADABLE: Final = (UnicodeDecodeError, CorruptRecordException)
"""What `getmany` raises, again and again, for a record that the broker took and aiokafka cannot decode."""

Poll = Callable[[AIOKafkaConsumer], Awaitable[tuple[ConsumerRecord[bytes, bytes], ...]]]


def poll_with(subscriber: Any, poll: Poll) -> None:
    """Let a batch subscriber of FastStream get its records from `poll`.

    FastStream polls with `getmany(max_records=…)`, which empties one partition before it looks at the next, and has no
    argument for another way to poll, nor an issue about it. aiokafka has no limit for each partition either
    (https://github.com/aio-libs/aiokafka/issues/525).
    """
    subscriber.get_msg = poll


def decode_leniently(error: Exception) -> bool:
    """Whether the record for which a poll raised `error` can be decoded from now on, when it is fetched again. Bytes of a
    header's name that are not UTF-8 become surrogate escapes (PEP 383).

    The broker takes any bytes as a name. aiokafka then raises for the whole poll, at the same record for ever, and tells
    nobody which record it was; no deserializer sees headers. It has no issue for names, but for the same halt at a damaged
    record (https://github.com/aio-libs/aiokafka/issues/321).

    Only a process that has met such a record decodes its batches twice.
    """
    if not isinstance(error, UNREADABLE):
        return False
    created_by = fetcher.MemoryRecords is not _TolerantRecords
    fetcher.MemoryRecords = _TolerantRecords
    # What was fetched before is decoded as before, and raises once more; a damaged batch raises whoever decodes it.
    return created_by or isinstance(error, UnicodeDecodeError)


async def stop_producer(producer: AIOKafkaProducer, within: float) -> None:
    """Stop in order within so many seconds, or by force: records that were not sent by then are never sent.

    While the broker does not answer, `stop()` waits for ever (https://github.com/aio-libs/aiokafka/issues/1101). Giving
    that wait up leaves a sender task that connects again, and appends old records behind those of the next producer.
    """
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(within):
            await producer.stop()
            return
    # `close()` waits for a connection to close, which it never does while the other side takes no bytes.
    await asyncio.wait([asyncio.create_task(producer.client.close())], timeout=within)
    sender = producer._sender.sender_task
    while sender is not None and not sender.done():
        # The first cancellation makes it wait for its requests, the next one cancels that wait.
        sender.cancel()
        await asyncio.wait([sender], timeout=0.1)


class _TolerantRecords(_MemoryRecordsPy):  # type: ignore[misc]
    """The batches of an answer: each as aiokafka decodes it or, where it cannot, as we do."""

    def next_batch(self) -> Any:
        packed = self._next_slice
        batch = super().next_batch()
        try:
            for _ in DefaultRecordBatch(packed):
                pass
        except UNREADABLE:
            return _TolerantBatch(packed)
        return batch


class _TolerantBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    """A batch of which every record is decoded that the broker takes (format 2, KIP-98).

    Beside names, aiokafka reads a record's attributes as a number of several bytes; they are one byte, which nobody
    checks.
    """

    _pos: int

    def _read_msg(self, decode_varint: Any = decode_varint) -> DefaultRecord:
        buffer = self._buffer
        length, start = decode_varint(buffer, self._pos)
        time, position = decode_varint(buffer, start + 1)
        delta, position = decode_varint(buffer, position)
        key, position = _sized(buffer, position)
        value, position = _sized(buffer, position)
        count, position = decode_varint(buffer, position)
        headers = []
        for _ in range(count):
            name, position = _sized(buffer, position)
            content, position = _sized(buffer, position)
            headers.append(((name or b"").decode(errors="surrogateescape"), content))
        self._pos = start + length
        appended = self.max_timestamp if self.timestamp_type else self.first_timestamp + time
        return DefaultRecord(self.base_offset + delta, appended, self.timestamp_type, key, value, headers)


def _sized(buffer: bytearray, position: int) -> tuple[bytes | None, int]:
    """The bytes whose length stands at `position`, and where they end."""
    size, start = decode_varint(buffer, position)
    if size < 0:
        return None, start
    return bytes(buffer[start : start + size]), start + size
