"""The events of a decision as outbox entries. Their ids are derived, so that a repeated decision publishes nothing new. Pure."""

from collections.abc import Sequence

from services.common.contracts import Event, PublishedEvent
from services.common.domain.identifiers import derived_text
from services.common.domain.poison import PoisonRecord
from services.common.domain.received import Received
from services.common.messaging.records.writer import outbox_entry
from services.common.store import OutboxEntry


def decided_events(
    service: str, key: str, events: Sequence[PublishedEvent], received: Received[Event], inbox_id: str
) -> list[OutboxEntry]:
    """The events that a decision on a record publishes. Their ids derive from the document, the record and their index."""
    return [
        outbox_entry(
            event,
            id=derived_text(service, key, inbox_id, index),
            source=service,
            cause=received.id,
            correlation=received.correlation,
            at=received.at,
            traceparent=received.traceparent,
            quiet=received.quiet,
        )
        for index, event in enumerate(events)
    ]


def answers_to_poison(service: str, poison: PoisonRecord, events: Sequence[PublishedEvent]) -> list[OutboxEntry]:
    """The answers to a poison record. Their ids derive from its position and their index."""
    answers = []
    for index, event in enumerate(events):
        identifier = derived_text(service, "poison", str(poison.position), index)
        # Nothing that can be read caused it, so it is its own cause.
        answers.append(
            outbox_entry(
                event,
                id=identifier,
                source=service,
                cause=identifier,
                correlation=event.key,
                at=poison.at,
                traceparent=None,
            )
        )
    return answers
