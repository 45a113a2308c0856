"""The Kafka key of an event, and its headers: CloudEvents 1.0 in binary mode."""

from typing import Any, Final

from services.common.contracts import DomainEvent, Event, PublishedEvent
from services.common.contracts.employers import NISS, EmployerNotice
from services.common.contracts.operations import OperationFact
from services.common.contracts.registry import BirthRegistered

Schema = dict[str, Any]

KEY: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "description": "The request id: all records of a request are in one partition, in order.",
}

_OPERATION_KEY: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "description": "The id of the operation: all records of an operation have this key.",
}

_BIRTH_KEY: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "description": "The id of the birth's record in the register: a birth opens one request, however often it is reported.",
}

_EMPLOYER_KEY: Final[Schema] = {
    "type": "string",
    "pattern": NISS,
    "description": "The NISS of the employer: all notices to it are in one partition, in order.",
}

_ALL: Final[Schema] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "Records with the same id are the same event. Derive it from its cause: a retry repeats it.",
    },
    "ce_type": {"type": "string"},
    "ce_source": {"type": "string", "description": "The producer of the event."},
    "ce_subject": {"type": "string", "description": "The reference of the request."},
    "ce_time": {
        "type": "string",
        "format": "date-time",
        "description": "For people. Postigo uses the time at which the broker appended the record instead.",
    },
    "ce_correlationid": {"type": "string", "description": "The id of the first event in the chain of causes."},
    "ce_causationid": {"type": "string", "description": "The id of the event that caused this one."},
    "ce_partitionkey": KEY,
    "ce_dataschema": {"type": "string", "description": "The `$id` of the schema of the data."},
    "ce_sequence": {
        "type": "string",
        "pattern": "^[0-9]{10}$",
        "description": "The number of the event among those of its request on this topic, from 1.",
    },
    "content-type": {"const": "application/json"},
    "ce_quiet": {
        "const": "1",
        "description": "The event follows from an operator's replay, so people get no notice. Only Postigo may set it.",
    },
    "traceparent": {"type": "string", "description": "W3C trace context."},
}

_EVENT: Final = [name for name in _ALL if name not in {"ce_sequence", "ce_quiet", "traceparent"}]
_COMMAND: Final = ["ce_specversion", "ce_id", "ce_type", "ce_source"]
_NOTICE: Final = [*_COMMAND, "ce_time", "ce_causationid", "ce_dataschema", "content-type", "traceparent"]
_OPERATION: Final = [*_COMMAND, "ce_time", "ce_partitionkey", "ce_dataschema", "content-type"]

HEADER_SCHEMAS: Final[dict[str, Schema]] = {
    "answerHeaders": {
        "type": "object",
        "required": [name for name in _EVENT if name != "ce_subject"],
        "properties": _ALL,
    },
    "eventHeaders": {"type": "object", "required": _EVENT, "properties": _ALL},
    "numberedHeaders": {"type": "object", "required": [*_EVENT, "ce_sequence"], "properties": _ALL},
    "commandHeaders": {"type": "object", "required": _COMMAND, "properties": _ALL},
    "noticeHeaders": {
        "type": "object",
        "required": [*_COMMAND, "content-type"],
        "properties": {name: _ALL[name] for name in _NOTICE},
    },
    "operationHeaders": {
        "type": "object",
        "required": _OPERATION,
        "properties": {name: _ALL[name] for name in _OPERATION} | {"ce_partitionkey": _OPERATION_KEY},
    },
}
"""The headers of answers to unreadable commands, of events of Postigo about a request, of its numbered events, of commands of
departments and events of registers, of notices to employers, and of operators' actions.
"""


def header_schema_name(model: type[Event]) -> str:
    """The name in `HEADER_SCHEMAS` of the headers of `model`."""
    if issubclass(model, OperationFact):
        return "operationHeaders"
    if issubclass(model, EmployerNotice):
        return "noticeHeaders"
    if not issubclass(model, PublishedEvent):
        return "commandHeaders"
    if not issubclass(model, DomainEvent):
        return "answerHeaders"
    return "eventHeaders" if model.sequence is DomainEvent.sequence else "numberedHeaders"


_KEYS: Final[dict[type[Event], Schema]] = {
    OperationFact: _OPERATION_KEY,
    BirthRegistered: _BIRTH_KEY,
    EmployerNotice: _EMPLOYER_KEY,
}
"""The keys of events that are not about a request."""


def key_of(model: type[Event]) -> Schema:
    return next((key for base, key in _KEYS.items() if issubclass(model, base)), KEY)
