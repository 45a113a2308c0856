"""One JSON Schema (2020-12) for each event type: what a reader of that event must accept."""

import inspect
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from services.common.contracts import Event, declared
from services.common.contracts.base import TYPE_PREFIX

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Published(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title made of the field's name says nothing."""
        return False

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enum with an `unknown` member is open: a newer writer may say a value that this version does not list."""
        made = super().enum_schema(schema)
        if "unknown" in made.get("enum", ()):
            made["x-extensible-enum"] = made.pop("enum")
        return made


def models() -> dict[str, type[Event]]:
    """Every event that travels, by the name of its schema, in alphabetical order."""
    return dict(sorted((name_of(model), model) for family in declared().values() for model in family.values()))


def name_of(model: type[Event]) -> str:
    """The name of the file that the event's schema is in."""
    return f"{TYPE_PREFIX}{model.SCHEMA}"


def schema_of(model: type[Event]) -> Schema:
    """The schema of the event's data; `$id` is what its records carry as `ce_dataschema`."""
    made = model.model_json_schema(schema_generator=_Published)
    head = {
        "$schema": DIALECT,
        "$id": f"urn:postigo:schema:{model.SCHEMA}",
        "title": made.pop("title"),
        "description": _description(model),
    }
    made.pop("description", None)
    return head | made


def summary(model: type[Event]) -> str:
    """The first sentence written about the event or, if there is none, about its kind."""
    return _description(model).partition("\n")[0]


def _description(model: type[Event]) -> str:
    """What is written about the event and about the kinds it is one of, nearest first."""
    written = [kind.__doc__ for kind in model.__mro__ if kind is not Event and issubclass(kind, Event)]
    return "\n\n".join(inspect.cleandoc(text) for text in written if text)
