"""Reading a Kafka record: CloudEvents 1.0 in binary mode, tolerant of what it need not know.

A record that cannot be read is poison, and says why in a short code that never echoes what it holds.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic import ValidationError

from services.common.contracts import DomainEvent, Event, events_of
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.redrive import Redrive

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MAX_EVENT: Final = 256 * 1024
"""Bytes the data of one event may have."""

MAX_ID: Final = 255

_CANONICAL: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A UUID as we write it; whoever writes it otherwise means the same request."""

_READ: Final = frozenset({"ce_id", "ce_type", "ce_correlationid", "ce_quiet", "traceparent"})


def read(record: "ConsumerRecord[bytes, bytes]", redrive: Redrive | None = None) -> Received[Event]:
    """The event in `record`, validated against the contracts of its topic; `redrive` tells where it first lay.

    Raises `Poison` with one of: undecodable, null-value, null-key, key-not-uuid, header-<name>-{null,zero-byte,utf8,twice,missing},
    too-large, unknown-type, not-json, schema:<pointer>:<rule>, key-mismatch, reference-mismatch.
    """
    headers = _headers(record)
    if record.key is None:
        raise Poison("null-key")
    if record.value is None:
        raise Poison("null-value")
    if len(record.value) > MAX_EVENT:
        raise Poison("too-large")
    key = _key(record.key)
    event = _data(record.topic, _required(headers, "ce_type"), record.value)
    _must_be_about(event, key)
    identifier = _required(headers, "ce_id")
    return Received(
        event=event,
        id=identifier,
        digest=hashlib.blake2b(record.value, digest_size=8).digest(),
        topic=record.topic,
        key=key,
        target=key,
        partition=record.partition,
        at=redrive.at if redrive else moment(record.timestamp),
        position=redrive.position if redrive else position_of(record),
        correlation=_passed_on(headers, "ce_correlationid") or identifier,
        traceparent=_passed_on(headers, "traceparent"),
        quiet=(redrive is not None and redrive.quiet)
        or (isinstance(event, DomainEvent) and headers.get("ce_quiet") == "1"),
    )


def _headers(record: "ConsumerRecord[bytes, bytes]") -> Mapping[str, str]:
    """The headers we read: each once, in UTF-8, and without a NUL, which not every engine stores.

    Others are the sender's own business.
    """
    headers: dict[str, str] = {}
    for name, value in record.headers:
        if name not in _READ:
            if not name.isascii() and not _is_text(name):
                raise Poison("undecodable")
            continue
        if value is None:
            raise Poison(f"header-{name}-null")
        if name in headers:
            raise Poison(f"header-{name}-twice")
        if b"\0" in value:
            raise Poison(f"header-{name}-zero-byte")
        try:
            headers[name] = value.decode()
        except UnicodeDecodeError:
            raise Poison(f"header-{name}-utf8") from None
    return headers


def _is_text(name: str) -> bool:
    """Whether the bytes of the name were UTF-8 (`aiokafka_compat.py`)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _passed_on(headers: Mapping[str, str], name: str) -> str | None:
    """A header that what we say will carry too: a stranger's long one must not make it too large to send."""
    value = headers.get(name)
    return value if value is not None and len(value) <= MAX_ID else None


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or len(value) > MAX_ID:
        raise Poison(f"header-{name}-missing")
    return value


def _key(key: bytes) -> str:
    if _CANONICAL.fullmatch(key):
        return key.decode()
    try:
        return str(UUID(key.decode("ascii")))
    except ValueError:
        raise Poison("key-not-uuid") from None


def _must_be_about(event: Event, key: str) -> None:
    """What one of our rooms says names its request twice more: by id, and by the reference that follows from it."""
    if not isinstance(event, DomainEvent):
        return
    if event.key != key:
        raise Poison("key-mismatch")
    if event.reference != reference_of(event.request_id):
        raise Poison("reference-mismatch")


def _data(topic: str, ce_type: str, value: bytes) -> Event:
    model = events_of(topic).get(ce_type)
    if model is None:
        raise Poison("unknown-type")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise Poison("not-json") from None
        pointer = "".join(f"/{part}" for part in first["loc"] if isinstance(part, int) or part in model.model_fields)
        raise Poison(f"schema:{pointer}:{first['type']}") from None
