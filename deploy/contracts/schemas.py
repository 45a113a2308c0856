"""One JSON Schema (2020-12) for each event type: what a consumer of the event must accept."""

import inspect
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from services.common.contracts import Event, PublishedEvent, declared
from services.common.contracts.base import TYPE_PREFIX

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _SchemaGenerator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """No titles: a generated title only repeats the field's name."""
        return False

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enum with an `unknown` member is extensible: a newer producer may send values that it does not list."""
        generated = super().enum_schema(schema)
        if "unknown" in generated.get("enum", ()):
            generated["x-extensible-enum"] = generated.pop("enum")
        return generated


def models() -> dict[str, type[Event]]:
    """Every published event model, by the name of its schema, in alphabetical order."""
    return dict(sorted((name_of(model), model) for family in declared().values() for model in family.values()))


def name_of(model: type[Event]) -> str:
    """The name of the event's schema, which is also its file name without the suffix."""
    return f"{TYPE_PREFIX}{model.SCHEMA}"


def schema_of(model: type[Event]) -> Schema:
    """The schema of the event's data. Records carry its `$id` in the header `ce_dataschema`."""
    schema = model.model_json_schema(schema_generator=_SchemaGenerator)
    head = {
        "$schema": DIALECT,
        "$id": f"urn:postigo:schema:{model.SCHEMA}",
        "title": schema.pop("title"),
        "description": _description(model),
    }
    schema.pop("description", None)
    return head | schema


def summary(model: type[Event]) -> str:
    """The first line of the event's docstring, or of its base class if it has none."""
    return _description(model).partition("\n")[0]


def _description(model: type[Event]) -> str:
    """The docstrings of the event and of its base classes, in that order."""
    docstrings = [
        kind.__doc__ for kind in model.__mro__ if kind not in (Event, PublishedEvent) and issubclass(kind, Event)
    ]
    return "\n\n".join(inspect.cleandoc(text) for text in docstrings if text)
