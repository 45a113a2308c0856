"""Serialises events: CloudEvents 1.0 in binary mode."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from services.common.contracts import Event, PublishedEvent
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.errors import Poison
from services.common.store import OutboxEntry


def outbox_entry(
    event: PublishedEvent,
    *,
    id: str,
    source: str,
    cause: str,
    correlation: str,
    at: datetime,
    traceparent: str | None,
    quiet: bool = False,
) -> OutboxEntry:
    """`event` as an outbox entry.

    `id` must be derived, and `at` be the append time of the record that caused the event: then a repeated decision gives
    the same bytes. Raises `Poison` if the data is larger than 256 KiB.
    """
    key = event.key
    value = event.model_dump_json().encode()
    if len(value) > MAX_EVENT:
        raise Poison("event-too-large")
    headers = attributes(type(event), source, id=id, at=at, key=key)
    if (reference := event.subject_reference) is not None:
        headers["ce_subject"] = reference
    headers |= {"ce_correlationid": correlation, "ce_causationid": cause}
    if (sequence := event.sequence) is not None:
        headers["ce_sequence"] = f"{sequence:010d}"
    if traceparent is not None:
        headers["traceparent"] = traceparent
    if quiet:
        headers["ce_quiet"] = "1"
    return OutboxEntry(id, event.topic, key, headers, value, at)


def attributes(kind: type[Event], source: str, *, id: str, at: datetime, key: str) -> dict[str, str]:
    """The headers that every event of ours has. `at` becomes `ce_time`, `key` the record's key."""
    return {
        **_type_headers(kind, source),
        "ce_id": id,
        "ce_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce_partitionkey": key,
    }


@lru_cache(maxsize=256)
def _type_headers(kind: type[Event], source: str) -> Mapping[str, str]:
    """The headers that all events of one type from one source share."""
    return {
        "ce_specversion": "1.0",
        "ce_type": kind.TYPE,
        "ce_source": f"postigo/{source}",
        "ce_dataschema": f"urn:postigo:schema:{kind.SCHEMA}",
        "content-type": "application/json",
    }
