"""The AsyncAPI 3.0 document: which topic carries which events, under which key and headers.

Models say the events, `deploy/topics.yaml` how topics are kept; here is nothing that they do not say.
"""

import inspect
import sys
from collections.abc import Mapping
from typing import Any, Final

from deploy import topics as kept
from deploy.contracts.headers import SHAPES, key_of, shape_of
from deploy.contracts.schemas import models, name_of, summary
from services.common.contracts import DomainEvent, Event, declared, topics
from services.common.contracts.base import TYPE_PREFIX
from services.common.contracts.operations import OperationFact

Node = dict[str, Any]

BINDING: Final = "0.5.0"
_KEPT: Final = ("cleanup.policy", "retention.ms", "max.message.bytes")

_INFO: Final = """\
What travels between the rooms of Postigo and to the systems of departments, in the view of Postigo: it sends on every
topic but the outboxes of departments.

Records are CloudEvents 1.0 in binary mode: attributes in `ce_*` headers, the data alone as the value, in JSON.
Delivery is at least once, and an old record may come again late: who reads ignores an event id it has seen. Within
`v1` contracts only grow: who reads ignores fields it does not know, and takes a value that is missing from an
`x-extensible-enum` for `unknown`. A topic `TOPIC.dlq.GROUP` holds, byte for byte, what GROUP could not apply.
Writers may compress: the broker keeps every batch uncompressed, and refuses one that is larger than `max.message.bytes`
when it is unpacked.
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
        "operations": {_operation_name(family): _operation(family) for family in families},
        "components": {
            "messages": {name: _message(model) for name, model in models().items()},
            "schemas": SHAPES,
        },
    }


def _channel(family: str) -> Node:
    members = [topic for topic in kept.load() if topics.family(topic.name) == family]
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


def _binding(topic: kept.Topic) -> Node:
    config: Mapping[str, str] = topic.config
    values: Node = {key: int(config[key]) if config[key].isdigit() else [config[key]] for key in _KEPT}
    return {"partitions": topic.partitions, "topicConfiguration": values, "bindingVersion": BINDING}


def _operation(family: str) -> Node:
    ours = all(issubclass(model, DomainEvent | OperationFact) for model in declared()[family].values())
    return {"action": "send" if ours else "receive", "channel": {"$ref": f"#/channels/{_name(family)}"}}


def _message(model: type[Event]) -> Node:
    headers = {"$ref": f"#/components/schemas/{shape_of(model)}"}
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
    """What the module that declares the family's events says about it."""
    module = next(iter(declared()[family].values())).__module__
    return inspect.cleandoc(sys.modules[module].__doc__ or "")


def _name(family: str) -> str:
    return family.replace(".*", "")


def _operation_name(family: str) -> str:
    ours = _operation(family)["action"] == "send"
    return f"{'say' if ours else 'hear'}.{_name(family)}"
