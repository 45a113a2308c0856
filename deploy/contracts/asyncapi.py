"""The AsyncAPI 3.0 document: the topics, and the events, keys and headers on each.

The event models and `deploy/topics.yaml` are its only sources.
"""

import inspect
import sys
from collections.abc import Mapping
from typing import Any, Final

from deploy import topics as topic_settings
from deploy.contracts.headers import HEADER_SCHEMAS, header_schema_name, key_of
from deploy.contracts.schemas import models, name_of, summary
from services.common.contracts import Event, PublishedEvent, declared, topics
from services.common.contracts.base import TYPE_PREFIX
from services.common.contracts.employers import EmployerNotice
from services.common.contracts.operations import OperationFact

Node = dict[str, Any]

BINDING: Final = "0.5.0"
_PUBLISHED_SETTINGS: Final = ("cleanup.policy", "retention.ms", "max.message.bytes")

_INFO: Final = """\
The events between the services of Postigo and the systems of departments and partners. `send` and `receive` are from the
side of Postigo: it sends on every topic except the outboxes of departments and the events of registers. A topic without an
operation is between departments and partners.

Records are CloudEvents 1.0 in binary mode: attributes in `ce_*` headers, only the data as the value, in JSON.
Delivery is at least once, and an old record may be delivered again much later: consumers ignore an event id that they
have already processed. Within `v1`, contracts only grow: consumers ignore unknown fields, and treat a value that is not
in an `x-extensible-enum` as `unknown`. A topic `TOPIC.dlq.GROUP` holds the unchanged records that GROUP could not
process.

Producers may compress: the broker stores every batch uncompressed, and rejects a batch that is larger than
`max.message.bytes` after decompression.
"""


def document() -> Node:
    families = sorted(declared())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Postigo",
            "version": "1",
            "description": _INFO,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(family): _channel(family) for family in families},
        "operations": {_operation_name(family): _operation(family) for family in families if _is_of_postigo(family)},
        "components": {
            "messages": {name: _message(model) for name, model in models().items()},
            "schemas": HEADER_SCHEMAS,
        },
    }


def _channel(family: str) -> Node:
    members = [topic for topic in topic_settings.load() if topics.family(topic.name) == family]
    channel: Node = {
        "address": family.replace("*", "{code}"),
        "description": _about(family),
        "messages": {
            ce_type.removeprefix(TYPE_PREFIX): {"$ref": f"#/components/messages/{name_of(model)}"}
            for ce_type, model in sorted(declared()[family].items())
        },
    }
    if "*" in family:
        codes = [topic.name.split(".")[1] for topic in members]
        channel["parameters"] = {"code": {"description": "The code of the department.", "enum": codes}}
    channel["bindings"] = {"kafka": _binding(members[0])}
    return channel


def _binding(topic: topic_settings.Topic) -> Node:
    config: Mapping[str, str] = topic.config
    values: Node = {key: int(config[key]) if config[key].isdigit() else [config[key]] for key in _PUBLISHED_SETTINGS}
    return {"partitions": topic.partitions, "topicConfiguration": values, "bindingVersion": BINDING}


def _is_of_postigo(family: str) -> bool:
    """Whether one of our services sends or receives the events of the family."""
    return not any(issubclass(model, EmployerNotice) for model in declared()[family].values())


def _operation(family: str) -> Node:
    sends = all(issubclass(model, PublishedEvent | OperationFact) for model in declared()[family].values())
    return {"action": "send" if sends else "receive", "channel": {"$ref": f"#/channels/{_name(family)}"}}


def _message(model: type[Event]) -> Node:
    headers = {"$ref": f"#/components/schemas/{header_schema_name(model)}"}
    return {
        "name": model.TYPE,
        "title": model.__name__,
        "summary": summary(model),
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": {"allOf": [headers, {"properties": {"ce_type": {"const": model.TYPE}}}]},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./schemas/{name_of(model)}.json"},
        },
        "bindings": {"kafka": {"key": key_of(model), "bindingVersion": BINDING}},
    }


def _about(family: str) -> str:
    """The docstring of the module that declares the family's events."""
    module = next(iter(declared()[family].values())).__module__
    return inspect.cleandoc(sys.modules[module].__doc__ or "")


def _name(family: str) -> str:
    return family.replace(".*", "")


def _operation_name(family: str) -> str:
    return f"{_operation(family)['action']}.{_name(family)}"
