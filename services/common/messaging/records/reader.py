"""Parses Kafka records: CloudEvents 1.0 in binary mode. Unknown headers are ignored.

A record that cannot be parsed raises `Poison` with a short code. The code never repeats the record's content, which may
be personal data; of a command it repeats the name of an unknown field, if that looks like one.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.common.contracts import DomainEvent, Event, events_of, topics
from services.common.contracts.base import REQUIRED_HEADERS
from services.common.contracts.employers import EmployerNotice
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.json_names import is_nameable, repeated_name
from services.common.domain.poison import REPEATED, UNKNOWN_FIELD
from services.common.domain.received import Received
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.redrive import Redrive

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

MAX_ID: Final = 255
"""Maximum characters of a header that we read."""

_CANONICAL: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A UUID in canonical form. Keys in other forms are accepted and normalised."""

_SPECVERSION: Final = "1.0"

DEEPEST: Final = 4
"""Parts of the longest pointer to a field of a command, such as `/items/0/formats/0`."""

_KNOWN_HEADERS: Final = frozenset({*REQUIRED_HEADERS, "ce_correlationid", "ce_quiet", "traceparent"})


def read(record: "ConsumerRecord[bytes, bytes]", redrive: Redrive | None = None) -> Received[Event]:
    """The event in `record`, validated against the contracts of its topic. `redrive` gives its original position.

    Raises `Poison` with one of: undecodable, null-value, null-key, key-not-uuid, too-large, unknown-type, not-json,
    header-<name>-{missing,null,twice,utf8,zero-byte,too-long,other}, schema:<pointer>:<rule>, key-mismatch,
    reference-mismatch.
    """
    headers = _headers(record)
    if record.key is None:
        raise Poison("null-key")
    if record.value is None:
        raise Poison("null-value")
    if len(record.value) > MAX_EVENT:
        raise Poison("too-large")
    key = _key(record.topic, record.key)
    _require_headers(headers)
    event = _data(record.topic, headers["ce_type"], record.value)
    _require_own_key(event, key)
    identifier = headers["ce_id"]
    return Received(
        event=event,
        id=identifier,
        digest=_digest(event, record.value),
        topic=record.topic,
        key=key,
        target=key,
        partition=record.partition,
        at=redrive.at if redrive else moment(record.timestamp),
        position=redrive.position if redrive else position_of(record),
        correlation=_optional(headers, "ce_correlationid") or identifier,
        traceparent=_optional(headers, "traceparent"),
        quiet=(redrive is not None and redrive.quiet)
        or (isinstance(event, DomainEvent) and headers.get("ce_quiet") == "1"),
    )


def _digest(event: Event, value: bytes) -> bytes:
    """Of the value, and of the type of a command: with the same data, `answer` and `resolve` are two commands."""
    digest = hashlib.blake2b(value, digest_size=8).digest()
    if isinstance(event, DomainEvent):
        return digest
    return digest + hashlib.blake2b(event.TYPE.encode(), digest_size=4).digest()


def _headers(record: "ConsumerRecord[bytes, bytes]") -> Mapping[str, str]:
    """The headers that we know. Each must occur once, in UTF-8, without NUL characters, which not every store accepts.

    Values of other headers are not checked.
    """
    headers: dict[str, str] = {}
    for name, value in record.headers:
        if name not in _KNOWN_HEADERS:
            if not name.isascii() and not _is_utf8(name):
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


def _is_utf8(name: str) -> bool:
    """Whether the bytes of the name were UTF-8; others arrive as surrogate escapes (`aiokafka_compat.py`)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _optional(headers: Mapping[str, str], name: str) -> str | None:
    """A header that our own events copy. A longer one is dropped: it could make our events too large to send."""
    value = headers.get(name)
    return value if value is not None and len(value) <= MAX_ID else None


def _require_headers(headers: Mapping[str, str]) -> None:
    """Require the headers of CloudEvents 1.0 that every event has."""
    for name in REQUIRED_HEADERS:
        value = headers.get(name, "")
        if not value:
            raise Poison(f"header-{name}-missing")
        if len(value) > MAX_ID:
            raise Poison(f"header-{name}-too-long")
    if headers["ce_specversion"] != _SPECVERSION:
        raise Poison("header-ce_specversion-other")


def _key(topic: str, key: bytes) -> str:
    if topic == topics.EMPLOYERS:
        # The NISS of the employer, as its data says it: `_require_own_key` compares them.
        return key.decode("ascii", "replace")
    if _CANONICAL.fullmatch(key):
        return key.decode()
    try:
        return str(UUID(key.decode("ascii")))
    except ValueError:
        raise Poison("key-not-uuid") from None


def _require_own_key(event: Event, key: str) -> None:
    """Require that an event of our own services names the request of its key, by id and by reference, and that a notice names the
    employer of its key.
    """
    if isinstance(event, EmployerNotice) and event.employer != key:
        raise Poison("key-mismatch")
    if not isinstance(event, DomainEvent):
        return
    if event.key != key:
        raise Poison("key-mismatch")
    if event.reference != reference_of(event.request_id):
        raise Poison("reference-mismatch")


@lru_cache
def _field_names(model: type[Event]) -> frozenset[str]:
    """The fields of an event and of the models in it: names that a pointer may repeat."""
    schema = model.model_json_schema()
    models = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for each in models for name in each.get("properties", ()))


def _data(topic: str, ce_type: str, value: bytes) -> Event:
    model = events_of(topic).get(ce_type)
    if model is None:
        raise Poison("unknown-type")
    if _is_strict(model) and (repeated := repeated_name(value)) is not None:
        raise Poison(f"schema:{_known(repeated, _field_names(model))}:{REPEATED}")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        raise _poison_of(errors, _field_names(model)) from None


def _is_strict(model: type[Event]) -> bool:
    """Whether unknown fields are refused: those of commands, which a department writes by hand."""
    return model.model_config.get("extra") == "forbid"


def _known(pointer: str, names: frozenset[str]) -> str:
    """The pointer without names that are no fields, and no deeper than a command: what was sent may be nested at will."""
    parts = [part for part in pointer.split("/")[1:] if part.isdigit() or part in names]
    return "".join(f"/{part}" for part in parts[:DEEPEST])


def _poison_of(errors: Sequence[ErrorDetails], names: frozenset[str]) -> Poison:
    """One error. An unknown field goes first: if its name is misspelt, the right one is missing as well."""
    first = next((each for each in errors if each["type"] == UNKNOWN_FIELD), errors[0])
    if first["type"] == "json_invalid":
        return Poison("not-json")
    is_unknown = first["type"] == UNKNOWN_FIELD
    shown = [
        part for part in first["loc"] if isinstance(part, int) or part in names or (is_unknown and is_nameable(part))
    ]
    return Poison(f"schema:{''.join(f'/{part}' for part in shown)}:{first['type']}")
