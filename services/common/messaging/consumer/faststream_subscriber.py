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
from services.common.messaging.fetching import FETCHED_AT_ONCE

STOP_WITHIN: Final = 10.0
"""Seconds that a batch in flight gets to come to its end."""


def faststream_subscriber(
    url: str, group: str, instance: str, topics: Sequence[str], listener: ConsumerRebalanceListener
) -> tuple[KafkaBroker, Any]:
    """A broker that consumes only, and its one subscriber, over all `topics`."""
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
        fetch_max_bytes=FETCHED_AT_ONCE,
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
