"""Writing an event: CloudEvents 1.0 headers around its data, with an id that a repetition derives again."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from services.common.contracts import DomainEvent, Event
from services.common.domain.errors import Poison
from services.common.messaging.records.reader import MAX_EVENT
from services.common.store import OutboxEntry


def outgoing(
    event: DomainEvent,
    *,
    id: str,
    source: str,
    cause: str,
    correlation: str,
    at: datetime,
    traceparent: str | None,
    quiet: bool = False,
) -> OutboxEntry:
    """`event` as an outbox entry. `at` is the append time of what caused it, so that a repetition is byte-identical.

    Raises `Poison` when its data is over 256 KiB.
    """
    key = event.key
    value = event.model_dump_json().encode()
    if len(value) > MAX_EVENT:
        raise Poison("event-too-large")
    about = {"ce_subject": event.reference, "ce_correlationid": correlation, "ce_causationid": cause}
    headers = attributes(type(event), source, id=id, at=at, key=key) | about
    if (sequence := event.sequence) is not None:
        headers["ce_sequence"] = f"{sequence:010d}"
    if traceparent is not None:
        headers["traceparent"] = traceparent
    if quiet:
        headers["ce_quiet"] = "1"
    return OutboxEntry(id, event.topic, key, headers, value, at)


def attributes(kind: type[Event], source: str, *, id: str, at: datetime, key: str) -> dict[str, str]:
    """The headers that every event of ours has."""
    return {
        **_alike(kind, source),
        "ce_id": id,
        "ce_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce_partitionkey": key,
    }


@lru_cache(maxsize=256)
def _alike(kind: type[Event], source: str) -> Mapping[str, str]:
    """What all events of a type from one source have in common."""
    return {
        "ce_specversion": "1.0",
        "ce_type": kind.TYPE,
        "ce_source": f"postigo/{source}",
        "ce_dataschema": f"urn:postigo:schema:{kind.SCHEMA}",
        "content-type": "application/json",
    }
