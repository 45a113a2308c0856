"""Workarounds for aiokafka and FastStream. Only this module uses private parts of these libraries.

Each workaround says why no setting and no public call is enough, and what is known upstream. The minor versions of both
libraries are pinned.
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
"""Raised by every `getmany` once it meets a record that the broker accepted and aiokafka cannot decode."""

Poll = Callable[[AIOKafkaConsumer], Awaitable[tuple[ConsumerRecord[bytes, bytes], ...]]]


def poll_with(subscriber: Any, poll: Poll) -> None:
    """Make a FastStream batch subscriber get its records from `poll`.

    FastStream polls with `getmany(max_records=…)`, which empties one partition before it looks at the next. FastStream
    has no argument for another poll, and no issue about it. aiokafka has no limit per partition
    (https://github.com/aio-libs/aiokafka/issues/525).
    """
    subscriber.get_msg = poll


def decode_leniently(error: Exception) -> bool:
    """Switch to the tolerant decoder after a poll raised `error`. Returns whether fetching again can succeed.

    The broker accepts any bytes as a header name. For a name that is not UTF-8, aiokafka raises for the whole poll, at
    the same record each time, without naming the record. No deserializer sees headers. Upstream has no issue for header
    names, but one for the same halt at a damaged record (https://github.com/aio-libs/aiokafka/issues/321).

    The tolerant decoder keeps such bytes as surrogate escapes (PEP 383). It decodes each batch twice, so it is switched
    on only in a process that has met such a record.
    """
    if not isinstance(error, UNREADABLE):
        return False
    switched = fetcher.MemoryRecords is not _TolerantRecords
    fetcher.MemoryRecords = _TolerantRecords
    # Batches fetched before the switch are decoded the old way and raise once more. A damaged batch raises either way.
    return switched or isinstance(error, UnicodeDecodeError)


async def stop_producer(producer: AIOKafkaProducer, within: float) -> None:
    """Stop the producer within `within` seconds; after that, by force: records still queued are never sent.

    While the broker does not answer, `stop()` waits forever (https://github.com/aio-libs/aiokafka/issues/1101). If that
    wait is only cancelled, the sender task lives on, reconnects, and appends its old records after newer ones.
    """
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(within):
            await producer.stop()
            return
    # `close()` waits until the connections are closed, which never happens while the peer reads no bytes.
    await asyncio.wait([asyncio.create_task(producer.client.close())], timeout=within)
    sender = producer._sender.sender_task
    while sender is not None and not sender.done():
        # After the first cancellation the sender waits for its requests. The second one cancels that wait.
        sender.cancel()
        await asyncio.wait([sender], timeout=0.1)


async def stop_consumer(consumer: AIOKafkaConsumer, within: float) -> None:
    """Stop a consumer that has no group, within about `within` seconds. Raises nothing of aiokafka.

    While the broker does not answer, `stop()` cancels a fetch in progress and waits for it, which raises `CancelledError`: whoever
    stops the consumer would end as if cancelled, and the connections would stay open. Upstream has no issue for it.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=within)
    if stopping.done() and not stopping.cancelled() and stopping.exception() is None:
        return
    stopping.cancel()
    await asyncio.wait([asyncio.create_task(consumer._client.close())], timeout=within)


class _TolerantRecords(_MemoryRecordsPy):  # type: ignore[misc]
    """The batches of a fetch response: decoded by aiokafka or, where it fails, by `_TolerantBatch`."""

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
    """Decodes every record that the broker accepts (record format 2, KIP-98).

    Besides header names, aiokafka misreads a record's attributes: it decodes a variable-length number, but the format has
    one byte, whose value nothing checks.
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
    """Read a length at `position` and that many bytes (None for length -1). Returns the bytes and the position after them."""
    size, start = decode_varint(buffer, position)
    if size < 0:
        return None, start
    return bytes(buffer[start : start + size]), start + size
