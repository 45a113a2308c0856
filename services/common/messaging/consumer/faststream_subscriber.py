"""The FastStream broker and subscriber that deliver batches to the kernel, and do nothing else.

FastStream's own parser, acknowledgement and error handling are switched off. In batch mode, one null header or any
exception would drop the whole batch, and the next commit would skip it.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from services.common.contracts.limits import MAX_EVENT
from services.common.messaging.consumer.batch_processor import MAX_RECORDS

STOP_TIMEOUT: Final = 10.0
"""Seconds that FastStream waits at shutdown for the batch in progress."""

MAX_PARTITION_FETCH_BYTES: Final = MAX_EVENT + 64 * 1024
"""Maximum bytes fetched from one partition in advance: our largest event with its headers, or many small ones.

Topics store records uncompressed, so this bounds the consumer's memory, however slow the store is. The bound is this
size for each assigned partition (11 MiB for the 36 of intake, 60 MiB for the 192 of routing, if all are full at once),
plus the response being received and the batch being processed. If a writer sends batches larger than this, the consumer
holds one whole batch of that partition instead: up to 1 MiB, the topic's limit.
"""

FETCH_MAX_BYTES: Final = 8 * 1024 * 1024
"""Maximum bytes of one fetch response."""

FETCH_MIN_BYTES: Final = 64 * 1024
"""Bytes that the broker collects before it answers a consumer that waits to fill a batch."""


def faststream_subscriber(
    url: str, group: str, instance: str, topics: Sequence[str], listener: ConsumerRebalanceListener, fill_ms: int
) -> tuple[KafkaBroker, Any]:
    """A consume-only FastStream broker, and its one batch subscriber to all `topics`.

    The subscriber waits up to `fill_ms` milliseconds to fill a batch; with 0 it gets each record at once.
    """
    broker = KafkaBroker(
        url,
        client_id=f"postigo-{group}",
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        logger=None,
        graceful_timeout=STOP_TIMEOUT,
    )
    subscriber = broker.subscriber(
        *topics,
        batch=True,
        max_records=MAX_RECORDS,
        group_id=group,
        group_instance_id=instance_id(group, instance, topics),
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
        parser=_wrap_batch,
        decoder=_unwrap_batch,
        listener=listener,
    )
    return broker, subscriber


def instance_id(group: str, instance: str, topics: Sequence[str]) -> str:
    """Names the static member. Its topics are part of it: a member that comes back within its session gets its old partitions again,
    even if it subscribes to other topics now.
    """
    digest = hashlib.sha256("\n".join(sorted(topics)).encode()).hexdigest()
    return f"{group}-{instance}-{digest[:12]}"


class _NoOffsetControl:
    """Replaces the consumer in FastStream's messages, so that only the kernel commits and seeks."""

    async def commit(self) -> NoReturn:
        raise AssertionError("FastStream must not commit")

    def seek(self, partition: Any, offset: int) -> NoReturn:
        raise AssertionError("FastStream must not seek")


async def _wrap_batch(records: Any) -> KafkaMessage:
    """The whole batch as one FastStream message, unparsed."""
    return KafkaMessage(raw_message=records, body=b"", message_id="-", correlation_id="-", consumer=_NoOffsetControl())


async def _unwrap_batch(message: Any) -> Any:
    return message.raw_message
