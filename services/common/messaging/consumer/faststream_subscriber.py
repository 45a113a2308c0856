"""FastStream as it carries batches to the kernel, and does nothing else.

Its own parser, acknowledgement and error handling are switched off: in batch mode one null header, or any exception,
would drop the whole batch and the next commit would pass it.
"""

from collections.abc import Sequence
from typing import Any, Final, NoReturn

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from services.common.messaging.consumer.batch_processor import MAX_RECORDS
from services.common.messaging.records.reader import MAX_EVENT

STOP_WITHIN: Final = 10.0
"""Seconds that a batch in flight gets to come to its end."""

MAX_PARTITION_FETCH_BYTES: Final = MAX_EVENT + 64 * 1024
"""Bytes of one partition that may wait to be taken: the largest event of ours and its headers, or many small ones.

Topics keep nothing compressed, so this bounds memory, however slow the store is: so much for each partition that a
consumer holds (11 MiB for the 36 of intake, 60 for the 192 of routing, if all are in flood at once), the answer that is
on its way, and the batch in hand. A partition in which somebody writes batches as large as its topic takes holds one of
them, 1 MiB, instead.
"""

FETCH_MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one answer of the broker."""

FETCH_MIN_BYTES: Final = 64 * 1024
"""Bytes for which the broker waits on behalf of a consumer that may wait to fill a batch."""


def faststream_subscriber(
    url: str, group: str, instance: str, topics: Sequence[str], listener: ConsumerRebalanceListener, fill_ms: int
) -> tuple[KafkaBroker, Any]:
    """A broker that consumes only, and its one subscriber, over all `topics`.

    The subscriber may wait `fill_ms` to fill a batch; with 0 it gets each record at once.
    """
    broker = KafkaBroker(
        url,
        client_id=f"postigo-{group}",
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        logger=None,
        graceful_timeout=STOP_WITHIN,
    )
    subscriber = broker.subscriber(
        *topics,
        batch=True,
        max_records=MAX_RECORDS,
        group_id=group,
        group_instance_id=f"{group}-{instance}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
        max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
        fetch_max_bytes=FETCH_MAX_BYTES,
        fetch_min_bytes=FETCH_MIN_BYTES if fill_ms else 1,
        fetch_max_wait_ms=fill_ms or 500,
        isolation_level="read_committed",
        parser=_whole_batch,
        decoder=_as_it_came,
        listener=listener,
    )
    return broker, subscriber


class _Untouchable:
    """Stands in for the consumer in FastStream's message: offsets are the kernel's business alone."""

    async def commit(self) -> NoReturn:
        raise AssertionError("FastStream must not commit")

    def seek(self, partition: Any, offset: int) -> NoReturn:
        raise AssertionError("FastStream must not seek")


async def _whole_batch(records: Any) -> KafkaMessage:
    return KafkaMessage(raw_message=records, body=b"", message_id="-", correlation_id="-", consumer=_Untouchable())


async def _as_it_came(message: Any) -> Any:
    return message.raw_message
