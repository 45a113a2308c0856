"""Publishes a submission or an act and waits for the broker's acknowledgement."""

from datetime import UTC, datetime

import structlog

from services.common.contracts import DomainEvent
from services.common.domain.errors import BrokerUnavailable, TopicMissing
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.messaging import Publisher
from services.common.messaging.producer.batches import ProducerRecord
from services.common.messaging.records.writer import outbox_entry

log = structlog.get_logger()


async def publish_confirmed(
    publisher: Publisher, event: DomainEvent, identifier: str, traceparent: str | None
) -> datetime:
    """Append `event`. Returns the append time after the broker acknowledged the record.

    Raises the problem `not-confirmed` when the broker did not acknowledge in time; the record may still be appended.
    """
    record = outbox_entry(
        event,
        id=identifier,
        source="gateway",
        cause=identifier,
        correlation=event.key,
        at=datetime.now(UTC),
        traceparent=traceparent,
    )
    try:
        (metadata,) = await publisher.append([ProducerRecord.of(record)])
    except BrokerUnavailable:
        raise Problem(problem_types.NOT_CONFIRMED, retry_after=2) from None
    except TopicMissing as error:
        log.critical("cannot publish, topic missing", because=str(error))
        raise Problem(problem_types.UNAVAILABLE, retry_after=30) from None
    return metadata.at
