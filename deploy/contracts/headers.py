"""The record around an event: its key, and its headers as CloudEvents 1.0 writes them in binary mode."""

from typing import Any, Final

from services.common.contracts import DomainEvent, Event
from services.common.contracts.operations import OperationFact

Schema = dict[str, Any]

KEY: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "description": "The request id: all records of a request lie in one partition, in order.",
}

_KEY_OF_OPERATIONS: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "description": "The id of the operation, under which all of it is found.",
}

_EVERY: Final[Schema] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "Said twice, it is one event. Derive it from its cause, so that sending again repeats it.",
    },
    "ce_type": {"type": "string"},
    "ce_source": {"type": "string", "description": "Who says it."},
    "ce_subject": {"type": "string", "description": "The reference of the request."},
    "ce_time": {
        "type": "string",
        "format": "date-time",
        "description": "For people to read: what counts is the time at which the broker appended the record.",
    },
    "ce_correlationid": {"type": "string", "description": "The id of the event that all this began with."},
    "ce_causationid": {"type": "string", "description": "The id of the event that caused this one."},
    "ce_partitionkey": KEY,
    "ce_dataschema": {"type": "string", "description": "The `$id` of the schema of the data."},
    "ce_sequence": {
        "type": "string",
        "pattern": "^[0-9]{10}$",
        "description": "The event's place among those of its request on this topic, from 1.",
    },
    "content-type": {"const": "application/json"},
    "ce_quiet": {
        "const": "1",
        "description": "It follows from what an operator replayed: people are not told of it. Only Postigo may say so.",
    },
    "traceparent": {"type": "string", "description": "W3C trace context."},
}

_ALWAYS: Final = [name for name in _EVERY if name not in {"ce_sequence", "ce_quiet", "traceparent"}]
_FROM_DEPARTMENTS: Final = ["ce_specversion", "ce_id", "ce_type", "ce_source"]
_OF_OPERATIONS: Final = [*_FROM_DEPARTMENTS, "ce_time", "ce_partitionkey", "ce_dataschema", "content-type"]

SHAPES: Final[dict[str, Schema]] = {
    "saidHeaders": {"type": "object", "required": _ALWAYS, "properties": _EVERY},
    "numberedHeaders": {"type": "object", "required": [*_ALWAYS, "ce_sequence"], "properties": _EVERY},
    "commandHeaders": {"type": "object", "required": _FROM_DEPARTMENTS, "properties": _EVERY},
    "operationHeaders": {
        "type": "object",
        "required": _OF_OPERATIONS,
        "properties": {name: _EVERY[name] for name in _OF_OPERATIONS} | {"ce_partitionkey": _KEY_OF_OPERATIONS},
    },
}
"""Headers of what Postigo says, of what it says and numbers, of what a department says, and of what operators did."""


def shape_of(model: type[Event]) -> str:
    """The name in `SHAPES` of the headers that records of `model` have."""
    if issubclass(model, OperationFact):
        return "operationHeaders"
    if not issubclass(model, DomainEvent):
        return "commandHeaders"
    return "saidHeaders" if model.sequence is DomainEvent.sequence else "numberedHeaders"


def key_of(model: type[Event]) -> Schema:
    return _KEY_OF_OPERATIONS if issubclass(model, OperationFact) else KEY
